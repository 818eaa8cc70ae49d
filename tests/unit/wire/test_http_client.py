"""sc.wire.http_client: what we write to an HTTP server, and what is its reply."""

import pytest

from sc.wire.http_client import (
    CHUNK,
    MAX_PIECES,
    ProtocolError,
    Reply,
    Request,
    parse_reply,
    request,
)

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def test_request() -> None:
    """The length, our fields and theirs, then the content."""
    asked = Request("POST", "/x", "host:80", (("From", "<é@example.org>"),), b"body")
    assert b"".join(request(asked)) == (
        b"POST /x HTTP/1.1\r\nHost: host:80\r\nConnection: close\r\n"
        b"Content-Length: 4\r\nFrom: <\xc3\xa9@example.org>\r\n\r\nbody"
    )


def test_long_request() -> None:
    """Long content goes in slices."""
    _, *slices = request(Request("POST", "/", "h", content=bytes(CHUNK + 1)))
    assert [len(s) for s in slices] == [CHUNK, 1]


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\n", "\0"])
def test_no_smuggling(value: str) -> None:
    """A field cannot become two, and that is known before anything is sent."""
    with pytest.raises(ValueError, match="cannot be sent"):
        request(Request("GET", "/", "h", (("User", value),)))


@pytest.mark.parametrize(
    ("octets", "reply"),
    [
        (OK, Reply(200, b"hello")),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, Reply(200, b"hello")),
        (b"HTTP/1.0 200 OK\r\n\r\nto the end", Reply(200, b"to the end")),
        (b"HTTP/1.1 503 Later\r\n\r\n", Reply(503, b"")),
        (CHUNKED + b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", Reply(200, b"hello")),
    ],
)
def test_replies(octets: bytes, reply: Reply) -> None:
    """By length, in chunks, or until the connection ends."""
    assert parse_reply(octets) == reply


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x15\x03garbage\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        CHUNKED + b"3\r\nhe",
        b"SPAMD/1.1 0 EX_OK\r\n\r\n",
        CHUNKED + b"1\r\nx\r\n" * MAX_PIECES + b"0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * MAX_PIECES + OK,
    ],
)
def test_no_reply(octets: bytes) -> None:
    """A wrong or cut reply is an error."""
    with pytest.raises(ProtocolError):
        parse_reply(octets)


@pytest.mark.parametrize("cut", range(len(OK)))
def test_no_part_of_a_reply_is_one(cut: int) -> None:
    """Wherever a reply is cut, what is left is an error."""
    with pytest.raises(ProtocolError):
        parse_reply(OK[:cut])
