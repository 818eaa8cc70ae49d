"""sc.scanners.patterns: the test strings, wherever they hide."""

import base64
import binascii
from mmap import mmap

import pytest

from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.octets import Octets
from sc.scanners.interface import Interface
from sc.scanners.patterns import CLEAN, PATTERNS, PatternsScanner, search
from tests.fakes.inline_offload import inline
from tests.integration.engines import EICAR, GTUBE

HEAD = b"Subject: x\r\nMIME-Version: 1.0\r\n"


def encoded(encoding: bytes, body: bytes) -> bytes:
    return HEAD + b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + body


def multipart(part: bytes) -> bytes:
    return (
        HEAD
        + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nhello\r\n'
        + b"--b\r\n"
        + part.removeprefix(HEAD)
        + b"\r\n--b--\r\n"
    )


@pytest.mark.parametrize("pattern", PATTERNS)
def test_plain(pattern: object) -> None:
    """Each test string is known, alone."""
    symbol, text = pattern.symbol, pattern.text  # type: ignore[attr-defined]
    assert search(HEAD + b"\r\n" + text + b"\r\n") == {symbol}


def test_same_strings_as_everybody() -> None:
    """GTUBE and EICAR are those that spamd and clamd know."""
    texts = {p.symbol: p.text for p in PATTERNS}
    assert (texts["GTUBE"], texts["EICAR"]) == (GTUBE, EICAR)


@pytest.mark.parametrize(
    "content",
    [
        encoded(b"base64", base64.encodebytes(EICAR)),
        encoded(b"BASE64", base64.encodebytes(b"x" + EICAR)),
        encoded(b"\r\n quoted-printable", EICAR[:20] + b"=\r\n" + EICAR[20:]),
        multipart(encoded(b"base64", base64.encodebytes(EICAR))),
        HEAD
        + b"\r\nbegin 644 e.com\r\n"
        + binascii.b2a_uu(EICAR[:45])
        + binascii.b2a_uu(EICAR[45:])
        + b"`\r\nend\r\n",
        multipart(
            HEAD
            + b"Content-Type: message/rfc822\r\n\r\n"
            + encoded(b"base64", base64.encodebytes(EICAR))
        ),
    ],
    ids=["base64", "upper", "quoted-printable", "part", "uuencode", "attached"],
)
def test_hidden(content: bytes) -> None:
    """EICAR is found in any encoded part, and in an attached message's part."""
    assert EICAR not in content
    assert search(content) == {"EICAR"}


def test_near_misses() -> None:
    """Other case, a broken line, or a word about the string are no hit."""
    near = [GTUBE.lower(), GTUBE[:40] + b"\r\n" + GTUBE[40:], b"the EICAR-test"]
    assert not search(HEAD + b"\r\n" + b"\r\n".join(near))


def mapped(content: bytes) -> Octets:
    area = mmap(-1, len(content))
    area[:] = content
    return area


def test_large_message_in_a_file() -> None:
    """A message that lies in a file is read like any other."""
    filler = b"x" * 70 + b"\r\n"
    content = encoded(b"base64", base64.encodebytes(bytes(900_000) + EICAR))
    assert search(mapped(content)) == {"EICAR"}
    assert not search(mapped(HEAD + b"\r\n" + filler * 20_000))


async def test_scanner() -> None:
    """Findings name the string; a message without one is clean."""
    scanner = PatternsScanner(inline())
    found = await scanner.scan(Message("m", Envelope(), HEAD + GTUBE), {})
    assert [s.name for s in found.symbols] == ["GTUBE"]
    assert found.flagged == ("GTUBE",)
    assert await scanner.scan(Message("m", Envelope(), HEAD), {}) == CLEAN
    await scanner.probe()
    assert (scanner.name, scanner.needs) == ("patterns", ())
    assert scanner.interface is Interface.BUILTIN
