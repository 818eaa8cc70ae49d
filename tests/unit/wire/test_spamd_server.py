"""The spamd codec at its limits."""

import zlib
from collections.abc import Sequence

import pytest

from sc.wire.spamd import (
    BodyReceived,
    Code,
    Command,
    Dialect,
    Event,
    ProtocolError,
    Request,
    RequestEnded,
    RequestReceived,
    printable,
)
from sc.wire.spamd_head import (
    MAX_HEADERS,
    MAX_LINE,
    MAX_RECIPIENT_HEAD,
    MAX_RECIPIENTS,
)
from sc.wire.spamd_server import SpamdServer
from sc.wire.spamd_zlib import FREE, RATIO

LIMIT = 1000


def feed(*chunks: bytes, limit: int = LIMIT, eof: bool = False) -> Sequence[Event]:
    server = SpamdServer(limit)
    events: list[Event] = []
    for chunk in chunks:
        events += server.receive_data(chunk)
    if eof:
        events += server.receive_eof()
    return events


def body(events: Sequence[Event]) -> bytes:
    return b"".join(e.octets for e in events if isinstance(e, BodyReceived))


def rspamc(*lines: bytes) -> Request:
    head = b"".join(line + b"\r\n" for line in (b"CHECK RSPAMC/1.3", *lines, b""))
    [event] = feed(head)
    assert isinstance(event, RequestReceived)
    return event.request


async def test_events() -> None:
    """A request, its octets, and the end."""
    events = feed(b"CHECK SPAMC/1.5\r\nUser: joe\r\nContent-length: 2\r\n\r\nab")
    request = Request(
        Dialect.SPAMC,
        Command.CHECK,
        (1, 5),
        (("user", "joe"), ("content-length", "2")),
        2,
    )
    assert events == [RequestReceived(request), BodyReceived(b"ab"), RequestEnded()]


async def test_octets_stay_out_of_the_repr() -> None:
    """A log that shows an event does not show the message."""
    assert "secret" not in repr(BodyReceived(b"secret"))


@pytest.mark.parametrize("size", [LIMIT - 1, LIMIT])
async def test_size_within(size: int) -> None:
    """A message up to the limit is taken, with and without its length."""
    declared = b"CHECK SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % size
    assert len(body(feed(declared + b"a" * size))) == size
    bare = b"CHECK SPAMC/1.5\r\n\r\n" + b"a" * size
    assert len(body(feed(bare, eof=True))) == size


async def test_size_over() -> None:
    """One octet more is refused: at its end if declared, else with a reset."""
    head = b"CHECK SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % (LIMIT + 1)
    assert not feed(head + b"a" * LIMIT)
    with pytest.raises(ProtocolError, match="limit 1000") as declared:
        feed(head + b"a" * (LIMIT + 1))
    assert (declared.value.code, declared.value.reset) == (Code.TOO_LARGE, False)
    with pytest.raises(ProtocolError) as bare:
        feed(b"CHECK SPAMC/1.5\r\n\r\n" + b"a" * (LIMIT + 1))
    assert bare.value.reset


async def test_too_large_and_cut() -> None:
    """A message over the limit that is cut is a broken request."""
    head = b"CHECK SPAMC/1.5\r\nContent-length: 5000\r\n\r\n"
    with pytest.raises(ProtocolError, match="Expected 5000 bytes, got 1 bytes"):
        feed(head, b"a", eof=True)


async def test_after_an_error_nothing_counts() -> None:
    """What follows a broken line is ignored."""
    server = SpamdServer(LIMIT)
    with pytest.raises(ProtocolError):
        list(server.receive_data(b"EHLO x\r\n"))
    assert server.ended
    assert list(server.receive_data(b"PING SPAMC/1.2\r\n")) == []
    assert list(server.receive_eof()) == []


@pytest.mark.parametrize("extra", [-1, 0])
async def test_line_within(extra: int) -> None:
    """A line of 8 KiB with its end is taken."""
    line = b"X-Long: ".ljust(MAX_LINE - 2 + extra, b"x")
    [event] = feed(b"CHECK SPAMC/1.5\r\n" + line + b"\r\n\r\n")
    assert isinstance(event, RequestReceived)


async def test_line_over() -> None:
    """One octet more is refused, even before its end has come."""
    line = b"X-Long: ".ljust(MAX_LINE, b"x")
    with pytest.raises(ProtocolError, match="line too long"):
        feed(b"CHECK SPAMC/1.5\r\n", line)
    with pytest.raises(ProtocolError, match="line too long"):
        feed(b"CHECK SPAMC/1.5\r\n" + line[:-1] + b"\r\n\r\n")


async def test_headers() -> None:
    """255 headers are taken, the 256th is refused."""
    head = b"CHECK SPAMC/1.5\r\n" + b"X: y\r\n" * MAX_HEADERS
    assert feed(head + b"\r\n")
    with pytest.raises(ProtocolError, match="too many headers"):
        feed(head + b"X: y\r\n")


async def test_head_octets() -> None:
    """Many long headers are too many, though they are few."""
    line = b"X: " + b"y" * 8000 + b"\r\n"
    with pytest.raises(ProtocolError, match="too many headers"):
        feed(b"CHECK SPAMC/1.5\r\n" + line * 9)


async def test_recipients() -> None:
    """Exim's thousands of Rcpt lines are no headers; there is a limit all the same."""
    rcpt = [b"Rcpt: <b%d@example.net>" % n for n in range(MAX_RECIPIENTS)]
    assert len(rspamc(*rcpt).all("rcpt")) == MAX_RECIPIENTS
    with pytest.raises(ProtocolError, match="too many recipients"):
        rspamc(*rcpt, b"Rcpt: <one@example.net>")


async def test_recipients_octets() -> None:
    """Few recipients of 8 KiB each are too many."""
    rcpt = b"Rcpt: " + b"x" * 8000
    with pytest.raises(ProtocolError, match="too many recipients"):
        rspamc(*[rcpt] * (MAX_RECIPIENT_HEAD // 8000))


async def test_header_values() -> None:
    """Values lose their blanks; octets that are no UTF-8 are Latin-1."""
    request = rspamc(b"HELO:  x ", b"User: j\xc3\xb6e", b"From: <\xf6@x>", b"Other: y")
    assert request.header("helo") == "x"
    assert request.header("user") == "j\xf6e"
    assert request.header("from") == "<\xf6@x>"
    assert request.header("other") is None


async def test_slow_header_is_cheap() -> None:
    """8 KiB of blanks in a header cost no more than 8 KiB of letters."""
    line = b"X:" + b" " * 8000 + b"y\r\n"
    assert feed(b"CHECK SPAMC/1.5\r\n" + line * 8 + b"\r\n")


async def test_echo_is_short() -> None:
    """Only the beginning of a long line is repeated."""
    assert printable("a" * 101) == "a" * 100 + "..."
    assert printable("a" * 100) == "a" * 100
    assert printable("a\nb\x7f\xe4") == "a?b??"


def _zipped(octets: bytes, declared: int | None = None) -> bytes:
    packed = zlib.compress(octets, 9)
    length = len(packed) if declared is None else declared
    head = b"CHECK SPAMC/1.5\r\nCompress: zlib\r\nContent-length: %d\r\n\r\n"
    return head % length + packed


async def test_compressed() -> None:
    """A compressed message arrives as it was, in pieces of a fixed size."""
    octets = b"0123456789" * 20_000
    events = feed(_zipped(octets), limit=200_000)
    assert body(events) == octets
    assert max(len(e.octets) for e in events if isinstance(e, BodyReceived)) == 65536


async def test_compressed_limit() -> None:
    """The limit holds for what was decompressed."""
    assert len(body(feed(_zipped(b"a" * LIMIT)))) == LIMIT
    with pytest.raises(ProtocolError, match="limit 1000 octets, decompressed") as e:
        feed(_zipped(b"a" * (LIMIT + 1)))
    assert e.value.code is Code.TOO_LARGE


async def test_compressed_bomb() -> None:
    """What grows a thousand times is refused below the limit already."""
    bomb = _zipped(b"\x00" * 8_000_000)
    packed = len(zlib.compress(b"\x00" * 8_000_000, 9))
    with pytest.raises(ProtocolError, match=f"limit {FREE + RATIO * packed} octets"):
        feed(bomb, limit=64_000_000)


async def test_compressed_with_more_behind() -> None:
    """What follows the end of the stream is ignored."""
    packed = zlib.compress(b"text")
    sent = _zipped(b"text", len(packed) + 5) + b"extra"
    assert body(feed(sent)) == b"text"


@pytest.mark.parametrize("line", [b"CHECK SPAMC/1", b"check SPAMC/1.5", b"CHECK"])
async def test_no_request(line: bytes) -> None:
    """Anything but a command, a dialect and a version is no request."""
    with pytest.raises(ProtocolError, match=line.decode()):
        feed(line + b"\r\n")


@pytest.mark.parametrize("value", [b"", b"+5", b"1e3", b"\xb2", b"0x10", b"5 5"])
async def test_no_length(value: bytes) -> None:
    """A length is digits, and nothing else."""
    with pytest.raises(ProtocolError, match="non-numeric"):
        feed(b"CHECK SPAMC/1.5\r\nContent-length: " + value + b"\r\n")


async def test_length_twice_alike() -> None:
    """The same length twice is no contradiction."""
    line = b"Content-length: 2\r\n"
    assert body(feed(b"CHECK SPAMC/1.5\r\n" + line * 2 + b"\r\nab")) == b"ab"
