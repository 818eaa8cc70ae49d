"""The end of data, dot-stuffing and stray line ends."""

import pytest

from sc.wire.smtp_data import DataReader


def read(wire: bytes, cut: int) -> tuple[bytes, bytes, bool]:
    """The message, what follows it, and whether it ended."""
    reader = DataReader(1 << 20, 1 << 20)
    octets = rest = b""
    for i in range(0, len(wire), cut):
        if reader.ended:
            rest += wire[i : i + cut]
            continue
        some, rest = reader.feed(wire[i : i + cut])
        octets += some
    return octets, rest, reader.ended


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 5, 100])
@pytest.mark.parametrize(
    ("wire", "message"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"a\r\n.\r\n", b"a\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"a\r\n..b\r\n.c\r\n...\r\n.\r\n", b"a\r\n.b\r\nc\r\n..\r\n"),
        (b".\r\r\n.\r\n", b" \r\n"),
        (b"a\n.\nb\r\n.\r\n", b"a\r\n.\r\nb\r\n"),
        (b"a\r.\rb\r\n.\r\n", b"a . b\r\n"),
        (b"a\r\n.\nb\r\n.\r\n", b"a\r\n\r\nb\r\n"),
        (b"a\r\n.\rb\r\n.\r\n", b"a\r\n b\r\n"),
        (b"a\n.\r\nb\r\n.\r\n", b"a\r\n.\r\nb\r\n"),
        (b"a\r.\r\nb\r\n.\r\n", b"a .\r\nb\r\n"),
        (b"a\n\r.\r\n\r\n.\r\n", b"a\r\n .\r\n\r\n"),
        (b"a\r\r\n.\r\n", b"a \r\n"),
        (b"a\r\n\0.\r\n.\r\n", b"a\r\n\0.\r\n"),
        (b"\n.\r\n.\r\n", b"\r\n.\r\n"),
    ],
)
def test_line_ends(wire: bytes, message: bytes, cut: int) -> None:
    """Only CRLF.CRLF ends a message, and only CRLF comes out of it."""
    octets, rest, ended = read(wire + b"NOOP\r\n", cut)
    assert (octets, rest, ended) == (message, b"NOOP\r\n", True)


@pytest.mark.parametrize("cut", [1, 2, 100])
@pytest.mark.parametrize(
    "wire", [b"\n.\n", b"\r.\r", b"\r\n.\n", b"\r\n.\r", b"\n.\r\n", b"\r.\r\n", b"."]
)
def test_no_end(wire: bytes, cut: int) -> None:
    """Whatever else looks like the end of a message is not."""
    assert read(b"a" + wire + b"b", cut)[2] is False


def test_lines_in_one_chunk() -> None:
    """A long line is found in the middle of a chunk too."""
    reader = DataReader(1 << 20, 10)
    reader.feed(b"a\r\n" + b"x" * 10 + b"\r\nb\r\n")
    assert reader.fault is None
    reader.feed(b"a\r\n" + b"x" * 11 + b"\r\nb\r\n")
    assert reader.fault is not None
