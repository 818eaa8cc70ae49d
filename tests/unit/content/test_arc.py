"""sc.content.arc_chain and arc_verify: chains as dkimpy seals them, and broken ones."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.arc_chain import MAX_INSTANCES, ChainError, read_chain
from sc.content.arc_verify import verify_chain
from sc.content.dkim_key import PublicKey, read_record
from sc.content.dkim_message import MAX_BLANKS
from sc.content.dkim_verify import TOO_LARGE, KeyProblem, Result
from sc.content.fields import read_fields
from tests.fakes.sealed_mail import seal
from tests.fakes.signed_mail import NEWS, record


def verified(
    folder: Path, mail: bytes, other: PublicKey | KeyProblem | None = None
) -> tuple[Result, str]:
    chain = read_chain(read_fields(mail))
    assert chain is not None
    key = other or read_record(record(folder))
    return verify_chain(mail, chain, dict.fromkeys(chain.key_names, key))


def test_chain(tmp_path: Path) -> None:
    """Three handlers, each of whom sealed what was there before."""
    mail = seal(seal(seal(NEWS), "b.example"), "c.example")
    assert verified(tmp_path, mail) == (Result.PASS, "")
    chain = read_chain(read_fields(mail))
    assert chain is not None
    assert chain.sealers == ("c.example", "b.example", "list.example")
    assert chain.key_names[0] == "s1._domainkey.c.example"
    [dmarc, arc] = chain.sets[0].found
    assert (dmarc.method, dmarc.result, arc.method) == ("dmarc", "pass", "arc")


def test_the_order_in_the_message_is_free(tmp_path: Path) -> None:
    """An MTA may move fields; the instances count."""
    old = seal(NEWS)
    oldest = old.removesuffix(NEWS)
    mail = seal(old, "b.example")
    newest = mail.removesuffix(old)
    assert verified(tmp_path, oldest + newest + NEWS) == (Result.PASS, "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Bob.", b"Eve."),
        (b"From: News", b"From: Eve"),
        (b"dmarc=pass", b"dmarc=none"),
        (b"d=b.example", b"d=d.example"),
    ],
)
def test_changed(tmp_path: Path, old: bytes, new: bytes) -> None:
    """What was changed since is no chain any more."""
    mail = seal(seal(NEWS), "b.example")
    assert old in mail
    result, reason = verified(tmp_path, mail.replace(old, new))
    assert (result, reason) == (Result.FAIL, "the message was changed")


def test_only_the_newest_signature_counts(tmp_path: Path) -> None:
    """A list may change the message before it seals it."""
    mail = seal(seal(NEWS).replace(b"Deals", b"[list] Deals"), "b.example")
    assert verified(tmp_path, mail) == (Result.PASS, "")


def test_keys(tmp_path: Path) -> None:
    """A key that cannot be had, or is of no use, proves nothing."""
    mail = seal(NEWS)
    later = KeyProblem(Result.TEMPERROR, "later")
    never = KeyProblem(Result.PERMERROR, "never")
    assert verified(tmp_path, mail, later) == (Result.TEMPERROR, "later")
    assert verified(tmp_path, mail, never) == (Result.FAIL, "never")
    for wrong in (
        read_record(record(tmp_path, ed25519=True)),
        read_record(record(tmp_path) + b"; t=y"),
    ):
        result, reason = verified(tmp_path, mail, wrong)
        assert (result, reason[:7]) == (Result.FAIL, "its key")


def test_too_many_blanks(tmp_path: Path) -> None:
    """A body that would hold up all other mail is not looked at."""
    mail = seal(NEWS + b"a b " * MAX_BLANKS)
    assert verified(tmp_path, mail) == (Result.PERMERROR, TOO_LARGE)


RESULTS = b"ARC-Authentication-Results: i=%d; x.example; none\r\n"
SIGNATURE = (
    b"ARC-Message-Signature: i=%d; a=rsa-sha256; d=x.example; s=s; h=from;"
    b" bh=a; b=b\r\n"
)
SEAL = b"ARC-Seal: i=%d; a=rsa-sha256; d=x.example; s=s; cv=%s; b=b\r\n"


def one(number: int, cv: bytes | None = None) -> bytes:
    word = cv or (b"none" if number == 1 else b"pass")
    return RESULTS % number + SIGNATURE % number + SEAL % (number, word)


def chain_of(count: int) -> bytes:
    return b"".join(one(n) for n in range(1, count + 1))


def test_long() -> None:
    """RFC 8617's longest chain is read."""
    chain = read_chain(read_fields(chain_of(MAX_INSTANCES)))
    assert chain is not None
    assert len(chain.sets) == MAX_INSTANCES
    assert read_chain(read_fields(NEWS)) is None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (chain_of(MAX_INSTANCES + 1), "of no set"),
        (one(1) + SEAL % (1, b"none"), "twice"),
        (RESULTS % 1 + SIGNATURE % 1, "not whole"),
        (one(1) + one(3), "not whole"),
        (one(1).replace(b"i=1", b"i=0"), "of no set"),
        (one(1).replace(b"i=1", b"i=99999999999"), "of no set"),
        (one(1).replace(b"i=1", b"pi=1"), "of no set"),
        (one(1, b"fail"), "had failed"),
        (one(1, b"pass"), "had failed"),
        (one(1) + one(2, b"none"), "had failed"),
        (one(1).replace(b"h=from", b"h=to"), "must"),
        (one(1).replace(b"h=from", b"h=from:arc-seal"), "must"),
        (one(1).replace(b"bh=a", b"bh=a; l=3"), "whole body"),
        (one(1).replace(b"bh=a", b"x=a"), "whole body"),
        (one(1).replace(b"rsa-sha256", b"rsa-sha1"), "cannot be read"),
        (one(1).replace(b"d=x.example", b"d=x y"), "cannot be read"),
        (one(1).replace(b"none\r\n", b"none" + b";a" * 5000 + b"\r\n"), "too long"),
    ],
)
def test_no_chain(fields: bytes, reason: str) -> None:
    """What is no chain has failed before any key is asked for."""
    with pytest.raises(ChainError, match=reason):
        read_chain(read_fields(fields + NEWS))


@given(st.text(alphabet="i=12;: adbs\r\n\tcvARC-Seal", max_size=120))
def test_only_its_error(value: str) -> None:
    """Whatever stands there, nothing but `ChainError` comes out."""
    mail = one(1).replace(b"i=1;", f"i=1; {value}".encode()) + b"\r\n"
    with suppress(ChainError):
        read_chain(read_fields(mail))
