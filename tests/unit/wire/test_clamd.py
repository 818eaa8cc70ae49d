"""sc.wire.clamd: what we write to clamd, and what counts as its answer."""

import pytest

from sc.wire import clamd
from sc.wire.clamd import Clean, Failed, Found, ProtocolError


def test_request() -> None:
    """The stream is cut into chunks with their lengths and ends with a zero."""
    assert list(clamd.request(b"x" * (clamd.CHUNK + 1))) == [
        b"zINSTREAM\0" + b"\0\1\0\0" + b"x" * clamd.CHUNK,
        b"\0\0\0\1x" + b"\0\0\0\0",
    ]
    # A whole number of chunks has no empty one before its end.
    [piece] = clamd.request(b"x" * clamd.CHUNK)
    assert piece.endswith(b"x\0\0\0\0")


def test_empty_message() -> None:
    """An empty message is still a whole request."""
    assert b"".join(clamd.request(b"")) == b"zINSTREAM\0\0\0\0\0"


@pytest.mark.parametrize(
    ("octets", "reply"),
    [
        (b"stream: OK\0", Clean()),
        (b"stream: Eicar-Signature FOUND\0", Found("Eicar-Signature")),
        (b"stream: A FOUND FOUND\0", Found("A FOUND")),
        (
            b"INSTREAM size limit exceeded. ERROR\0",
            Failed("INSTREAM size limit exceeded"),
        ),
        (b"stream: Can't open file /tmp/c/x ERROR\0", Failed("Can't open file (path)")),
        (b"ERROR\0", Failed("no reason given")),
    ],
)
def test_replies(octets: bytes, reply: clamd.Reply) -> None:
    """Clean, a signature, and clamd's own errors are told apart."""
    assert clamd.parse_reply(octets) == reply


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"stream: OK",
        b"stream: OK\n",
        b"stream: OK\0stream: OK\0",
        b"stream: FOUND\0",
        b"Eicar FOUND\0",
        b"stream: " + b"x" * 257 + b" FOUND\0",
        b"stream: a\nb FOUND\0",
        b"COMMAND READ TIMED OUT\0",
        b"UNKNOWN COMMAND\0",
        b"TERROR\0",
    ],
)
def test_no_answer(octets: bytes) -> None:
    """A wrong, cut, doubled or unknown reply is an error, never clean."""
    with pytest.raises(ProtocolError):
        clamd.parse_reply(octets)


def test_pong() -> None:
    """Only PONG answers a PING."""
    clamd.parse_pong(b"PONG\0")
    with pytest.raises(ProtocolError):
        clamd.parse_pong(b"PONG\n")
