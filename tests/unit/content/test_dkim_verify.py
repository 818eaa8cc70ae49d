"""sc.content.dkim_verify: signatures of dkimpy's own making, and hostile ones."""

from pathlib import Path

import pytest

from sc.content.dkim_key import PublicKey, read_record
from sc.content.dkim_signature import read_signatures
from sc.content.dkim_verify import (
    MAX_FIELDS,
    MAX_HEADER,
    MAX_OCTETS,
    TOO_LARGE,
    KeyProblem,
    Result,
    Verified,
    verify,
)
from sc.content.fields import read_fields
from tests.fakes.signed_mail import NEWS, record, sign


@pytest.fixture
def key(tmp_path: Path) -> PublicKey:
    return read_record(record(tmp_path))


def results(mail: bytes, key: PublicKey | KeyProblem) -> list[Verified]:
    signatures = read_signatures(read_fields(mail))
    keys = {one.key_name: key for one in signatures}
    return list(verify(mail, signatures, keys))


def words(mail: bytes, key: PublicKey | KeyProblem) -> list[str]:
    return [one.result.value for one in results(mail, key)]


@pytest.mark.parametrize("canonical", [b"simple", b"relaxed"])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_right(key: PublicKey, canonical: bytes, end: bytes) -> None:
    """A right signature passes, whatever line ends the message has here."""
    mail = sign(NEWS, canonical=canonical).replace(b"\r\n", end)
    (found,) = results(mail, key)
    assert (found.passed, found.reason) == (True, "")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\n\r\n",
        b" \r\n",
        b"\r",
        b"no end",
        b" a \t b\t\r\n \r\n\r\n",
        b"\r\nlate",
    ],
)
@pytest.mark.parametrize("canonical", [b"simple", b"relaxed"])
def test_bodies(key: PublicKey, canonical: bytes, body: bytes) -> None:
    """Both forms of odd bodies are what dkimpy signed, and nothing else is."""
    mail = sign(
        NEWS.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + body, canonical=canonical
    )
    assert words(mail, key) == ["pass"]
    assert words(mail + b"\r\nmore", key) == ["fail"]


def test_unknown_form(key: PublicKey) -> None:
    """A form of the body that nobody knows is none of those that dkimpy is spared."""
    mail = sign(NEWS).replace(b"c=relaxed/relaxed", b"c=relaxed/a/relaxed")
    assert words(mail, key) == ["permerror"]


def test_ed25519(tmp_path: Path, key: PublicKey) -> None:
    """Ed25519 passes with its own key only."""
    mail = sign(NEWS, ed25519=True)
    own = read_record(record(tmp_path, ed25519=True))
    assert words(mail, own) == ["pass"]
    assert words(mail, key) == ["permerror"]
    other = PublicKey("ed25519", b"v=DKIM1; k=ed25519; p=" + b"A" * 43 + b"=")
    assert words(mail, other) == ["fail"]


def test_several(key: PublicKey) -> None:
    """Each signature is judged by itself."""
    mail = sign(sign(NEWS, "a.example"), "b.example").replace(b"d=a.ex", b"d=c.ex")
    assert words(mail, key) == ["pass", "fail"]


@pytest.mark.parametrize(
    ("old", "new"), [(b"Deals", b"Steals"), (b"this", b"that"), (b"fbl@", b"evil@")]
)
def test_changed(key: PublicKey, old: bytes, new: bytes) -> None:
    """One changed word of what was signed, and it fails."""
    (found,) = results(sign(NEWS).replace(old, new), key)
    assert found.result is Result.FAIL
    assert "changed" in found.reason


def test_flags(key: PublicKey) -> None:
    """A key under test counts for nothing; a strict one not for domains below."""
    mail = sign(NEWS, identity="@mail.sender.example")
    assert words(mail, key) == ["pass"]
    assert words(mail, PublicKey("rsa", key.record, testing=True)) == ["neutral"]
    assert words(mail, PublicKey("rsa", key.record, strict=True)) == ["permerror"]
    assert words(sign(NEWS), PublicKey("rsa", key.record, strict=True)) == ["pass"]


def test_no_key() -> None:
    """Why there is no key is what is told."""
    problem = KeyProblem(Result.TEMPERROR, "later")
    (found,) = results(sign(NEWS), problem)
    assert (found.result, found.reason) == (Result.TEMPERROR, "later")


@pytest.mark.parametrize(
    "tag", [b"bh=", b"b=====", b"t=" + b"9" * 3000, b"x=1", b"l=x", b"c=what/ever"]
)
def test_unreadable(key: PublicKey, tag: bytes) -> None:
    """A signature that is none fails, and nothing else happens."""
    tags = {b"v": b"1", b"a": b"rsa-sha256", b"d": b"x.example", b"s": b"s"}
    tags |= {b"h": b"from", b"bh": b"AAAA", b"b": b"AAAA"}
    name, _, value = tag.partition(b"=")
    tags[name] = value
    field = b"; ".join(b"=".join(pair) for pair in tags.items())
    (found,) = results(b"DKIM-Signature: " + field + b"\r\n" + NEWS, key)
    assert found.result in (Result.FAIL, Result.PERMERROR)


@pytest.mark.parametrize(
    "mail",
    [
        NEWS + b"x" * MAX_OCTETS,
        b"X: y\r\n" * (MAX_FIELDS + 1) + NEWS,
        b"X: " + b"y" * MAX_HEADER + b"\r\n" + NEWS,
        NEWS + b" x" * 60_000,
    ],
)
def test_too_large(key: PublicKey, mail: bytes) -> None:
    """What would take long is not verified, and that is told."""
    head = sign(NEWS).removesuffix(NEWS)
    assert [one.reason for one in results(head + mail, key)] == [TOO_LARGE]


def test_blanks(key: PublicKey) -> None:
    """Long runs of blanks, for which dkimpy takes their square, change nothing."""
    spaced = NEWS + (b" " * 900 + b"x\r\n") * 40
    assert words(sign(spaced), key) == ["pass"]
