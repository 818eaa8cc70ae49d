"""sc.abuse.reports.stubs: what is not passed on leaves its type, size and digest."""

import hashlib
from base64 import b64encode
from email import message_from_bytes
from typing import Any, cast

import pytest

from sc.abuse.reports.original import attach
from sc.abuse.reports.recipients import Recipients
from sc.abuse.reports.redact import Redactor
from sc.abuse.reports.stubs import MAX_OCTETS, MAX_TOLD, beyond_text, replaced

IMAGE = bytes(range(256)) * 20
SHA256 = hashlib.sha256(IMAGE).hexdigest()
UU = b"begin 644 a.exe\n#0V%T\n`\nend\n"


def part(header: bytes, body: bytes) -> bytes:
    return b"--b\r\n" + header + b"\r\n\r\n" + body + b"\r\n"


def mixed(*parts: bytes) -> bytes:
    head = b'From: a@b.example\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    return head + b"".join(parts) + b"--b--\r\nepilogue\r\n"


def inside(content: bytes) -> list[Any]:
    return cast(list[Any], message_from_bytes(content).get_payload())


TEXT = part(b"Content-Type: text/plain", b"Buy!")
PICTURE = part(
    b'Content-Type: image/png; name="a.png"\r\nContent-Transfer-Encoding: base64',
    b64encode(IMAGE),
)


def kept(content: bytes, limit: int, *, infected: bool = False) -> tuple[str, str, str]:
    """Type, octets, notes."""
    told = attach(content, Redactor(Recipients(), b""), limit, infected=infected)
    return told.content_type, told.octets.decode("latin-1"), "\n".join(told.notes)


def test_picture() -> None:
    """A picture becomes words; its header and all else stay, octet by octet."""
    content = mixed(TEXT, PICTURE)
    found = replaced(content, beyond_text)
    assert [str(stub) for stub in found.stubs] == [
        f"image/png, 5120 octets, SHA-256 {SHA256}"
    ]
    assert found.whole
    before, _, rest = content.partition(b64encode(IMAGE))
    assert found.octets.startswith(before)
    assert found.octets.endswith(rest)
    image = inside(found.octets)[1]
    assert image.get_filename() == "a.png"
    assert SHA256.encode() in image.get_payload(decode=True)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [(b"quoted-printable", b"=00=01x"), (b"8bit", b"\0\1x"), (b"x-uuencode", UU)],
)
def test_encodings(encoding: bytes, body: bytes) -> None:
    """The stub can be read in each transfer encoding."""
    header = b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: " + encoding
    found = replaced(mixed(part(header, body)), beyond_text)
    (stub,) = found.stubs
    assert stub.size == 3
    (told,) = inside(found.octets)
    if encoding != b"x-uuencode":
        assert str(stub).encode() in told.get_payload(decode=True)
    assert str(stub).encode() in found.octets


def test_large_message() -> None:
    """Above the limit, what is not text is left out; the words say what and why."""
    kind, octets, notes = kept(mixed(TEXT, PICTURE), 2000)
    assert kind == "message/rfc822"
    assert "Buy!" in octets
    assert "epilogue" in octets
    assert notes == (
        "Parts that are not attached, because the message is large:\n"
        f"image/png, 5120 octets, SHA-256 {SHA256}"
    )


def test_too_large_still() -> None:
    """If the text alone is too large, the header section is all; parts are told."""
    text = part(b"Content-Type: text/plain", b"x" * 4000)
    kind, octets, notes = kept(mixed(text, PICTURE), 2000)
    assert kind == "text/rfc822-headers"
    assert octets.endswith('boundary="b"\r\n')
    assert notes.startswith("Only the header section is attached: the message has ")
    assert SHA256 in notes


def test_far_too_large() -> None:
    """A message above the bound is not read for parts."""
    picture = part(b"Content-Type: image/png", b"x" * MAX_OCTETS)
    kind, _, notes = kept(mixed(TEXT, picture), 2000)
    assert (kind, "SHA-256" in notes) == ("text/rfc822-headers", False)
    assert not replaced(mixed(TEXT, picture), beyond_text).whole


@pytest.mark.parametrize(
    "suspect",
    [
        PICTURE,
        part(b"Content-Type: text/javascript", b"worm"),
        part(b"Content-Type: text/html\r\nContent-Disposition: attachment", b"worm"),
        part(b"Content-Type: text/plain", b"see:\n" + UU),
        part(
            b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64",
            b64encode(b"A: b\r\n\r\nworm"),
        ),
    ],
)
def test_infected(suspect: bytes) -> None:
    """Of an infected message only what is shown as text is passed on."""
    content = mixed(TEXT, suspect)
    body = suspect.partition(b"\r\n\r\n")[2].strip()
    kind, octets, notes = kept(content, 1 << 20, infected=True)
    assert kind == "message/rfc822"
    assert body.decode("latin-1") not in octets
    assert "Buy!" in octets
    assert notes.startswith(
        "Parts that are not attached, because a virus was found in the message:\n"
    )


def test_infected_text() -> None:
    """Text alone is attached as it is."""
    assert kept(mixed(TEXT), 1 << 20, infected=True)[2] == ""


def test_infected_and_not_readable() -> None:
    """Where parts are too many or too deep, nothing of the body is passed on."""
    many = mixed(*[TEXT] * 1001)
    deep = b"".join(
        b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1)
        for n in range(30)
    )
    nested = b"Content-Type: multipart/mixed; boundary=b0\r\n\r\n" + deep
    for content in (many, nested):
        kind, _, notes = kept(content, 1 << 20, infected=True)
        assert kind == "text/rfc822-headers"
        assert "not all its parts can be read" in notes


def test_many_stubs() -> None:
    """The words name some, and count the rest."""
    notes = kept(mixed(*[PICTURE] * 25), 100_000)[2].splitlines()
    assert len(notes) == 1 + MAX_TOLD + 1
    assert notes[-1] == "and 5 more"


def test_names_are_ascii() -> None:
    """No stranger's letters stand in our words."""
    content = "Content-Type: imagé/png\r\n\r\nxxx".encode()
    (stub,) = replaced(content, beyond_text).stubs
    assert stub.content_type == "imag?/png"
