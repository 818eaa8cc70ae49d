"""sc.wire.dots: no text ends the message but the final dot itself."""

import re

import pytest

from sc.wire.dots import DotStuffer


def stuffed(*chunks: bytes) -> bytes:
    stuffer = DotStuffer()
    return b"".join(map(stuffer.stuff, chunks)) + stuffer.end()


def received(wire: bytes) -> bytes:
    """What a strict server makes of it (RFC 5321 4.5.2)."""
    return re.sub(rb"(?m)^\.(?=.)", b"", wire.replace(b"\r\n", b"\n")).replace(
        b"\n", b"\r\n"
    )


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        (b"", b""),
        (b"a\r\n", b"a\r\n"),
        (b"a", b"a\r\n"),
        (b".\r\n", b"..\r\n"),
        (b".", b"..\r\n"),
        (b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n"),
        (b"..a\r\n.b\r\n", b"...a\r\n..b\r\n"),
        (b"a.\r\n", b"a.\r\n"),
        (b"\r\n\r\n.\r\n", b"\r\n\r\n..\r\n"),
        (b"\n.\n", b"\r\n..\r\n"),
        (b"a\n.\r\nMAIL", b"a\r\n..\r\nMAIL\r\n"),
        (b"a\r.\r\n", b"a .\r\n"),
        (b"a\r\r\n.\r\n", b"a \r\n..\r\n"),
        (b"\r", b"\r\n"),
        (b"\n\r", b"\r\n\r\n"),
    ],
)
def test_stuffing(text: bytes, wire: bytes) -> None:
    """Every leading dot is doubled; a stray LF ends a line, a stray CR does not."""
    assert stuffed(text) == wire
    assert stuffed(*(text[n : n + 1] for n in range(len(text)))) == wire


def test_dot_at_every_edge() -> None:
    """A lone dot is safe wherever the text is cut."""
    text = b"first\r\n.\r\nlast\r\n.\r\n..\r\n\r\n.x"
    whole = stuffed(text)
    assert received(whole) == text + b"\r\n"
    for one in range(len(text) + 1):
        for two in range(one, len(text) + 1):
            assert stuffed(text[:one], text[one:two], text[two:]) == whole
