"""abuse.reports.signer: signatures that verifiers take, and that bind what matters."""

from pathlib import Path

import dkim
import pytest

from sc.abuse.reports.arf import write
from sc.abuse.reports.signer import OVERSIGNED, Signer
from sc.content.dkim_message import MAX_BLANKS, MAX_RELAXED
from tests.fakes.abuse import SEAL
from tests.fakes.dkim_keys import signing_keys
from tests.unit.abuse.reports.test_arf import AUTHOR, incident, original

MAIL = write(incident(), AUTHOR, SEAL)


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer(signing_keys(tmp_path))


def verified(signer: Signer, mail: bytes) -> list[bool]:
    """What dkimpy says of each signature."""
    records = {f"{k.settings.published_at}.": k.record.encode() for k in signer.keys}
    message = dkim.DKIM(mail)
    return [
        message.verify(i, dnsfunc=lambda name, timeout: records[name.decode()])
        for i in range(len(signer.keys))
    ]


def test_no_key() -> None:
    """Without a key the mail stays as it is."""
    assert Signer().sign(MAIL) == MAIL


def test_both(signer: Signer) -> None:
    """RSA and Ed25519 sign the same mail; it follows unchanged, and is still ours."""
    signed = signer.sign(MAIL)
    assert signed.endswith(b"\r\n" + MAIL)
    assert verified(signer, signed) == [True, True]
    head = signed.removesuffix(MAIL)
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert head.count(b"a=rsa-sha256; c=relaxed/relaxed; d=example.org;") == 1
    assert SEAL.is_ours(signed)


def test_blanks_on_the_way(signer: Signer) -> None:
    """A relay that changes blanks and empty lines at the end breaks nothing."""
    signed = signer.sign(MAIL).replace(b" Answers to", b"  Answers \tto")
    assert verified(signer, signed + b"\r\n\r\n") == [True, True]


@pytest.mark.parametrize("name", [name.decode() for name in OVERSIGNED])
def test_second_field(signer: Signer, name: str) -> None:
    """Nobody can add a second field that people see, or that changes how it reads."""
    forged = f"{name}: <forged@bank.example>\r\n".encode() + signer.sign(MAIL)
    assert verified(signer, forged) == [False, False]


@pytest.mark.parametrize(
    ("ours", "forged"),
    [(b"Reply-To: <abuse", b"Reply-To: <fake"), (b"X-SC-Report-Id: r7", b"X-S: r8")],
)
def test_changed_field(signer: Signer, ours: bytes, forged: bytes) -> None:
    """Each field that we wrote is bound."""
    assert verified(signer, signer.sign(MAIL).replace(ours, forged)) == [False, False]


def test_changed_body(signer: Signer) -> None:
    """So is each word."""
    with pytest.raises(dkim.ValidationError, match="body hash mismatch"):
        verified(signer, signer.sign(MAIL).replace(b"You have won", b"You have lost"))


@pytest.mark.parametrize(
    "body", [b"x \t \r\n" * (MAX_BLANKS // 3 + 1), b"x" * MAX_RELAXED + b"  \r\n"]
)
def test_costly_body(signer: Signer, body: bytes) -> None:
    """A body that takes long to make canonical is signed as it is."""
    mail = write(incident(original=original(b"\r\n" + body, 2 << 20)), AUTHOR, SEAL)
    signed = signer.sign(mail)
    assert signed.count(b"c=relaxed/simple") == 2
    assert verified(signer, signed) == [True, True]
