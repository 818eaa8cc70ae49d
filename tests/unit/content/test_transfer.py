"""sc.content.transfer: encodings, whole and broken."""

import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.transfer import MAX_LINES, decode, identity, uuencoded

ENCODINGS = ["base64", "quoted-printable", "x-uuencode", "7bit", "8bit+", ""]


@pytest.mark.parametrize(
    ("raw", "encoding", "expected"),
    [
        (b"QUJD", "base64", b"ABC"),
        (b"QU\r\nJ!D", "base64", b"ABC"),
        (b"QUI", "base64", b"AB"),
        (b"QUJDR", "base64 ", b"ABC"),
        (b"QUI=QUI=", "base64", b"ABAB"),
        (b"=41=\r\nB=zz", "quoted-printable", b"AB=zz"),
        (b"begin 644 x\n#0V%T\nend", "x-uuencode", b"Cat"),
        (b"no file", "uuencode", b"no file"),
        (b"=41", "8bit+", b"=41"),
    ],
)
def test_decode(raw: bytes, encoding: str, expected: bytes) -> None:
    """What can be decoded is decoded; the rest is left."""
    assert decode(raw, encoding) == expected


def test_identity() -> None:
    """Unknown encodings mean: as it stands."""
    assert [identity(e) for e in ENCODINGS] == [False, False, False, True, True, True]


def test_two_files_the_last_cut() -> None:
    """Each uuencoded file is found, also one that never ends, also with trash."""
    text = b"begin 644 a\n#0V%Ttrash\nend\nbegin 755 b c\n#0V%T\n\xff\xff"
    assert list(uuencoded(text)) == [("a", b"Cat"), ("b c", b"Cat")]


def test_line_limit() -> None:
    """Millions of short lines end at the limit."""
    ((_, data),) = uuencoded(b"begin 644 a\n" + b"!,0``\n" * (MAX_LINES + 9))
    assert len(data) == MAX_LINES


@given(st.binary(max_size=200))
def test_base64_round_trip(data: bytes) -> None:
    """What was encoded well comes back."""
    assert decode(binascii.b2a_base64(data), "base64") == data


@given(st.binary(max_size=200), st.sampled_from(ENCODINGS))
def test_never_raises(raw: bytes, encoding: str) -> None:
    """Whatever the octets, never more than came in, never an exception."""
    assert len(decode(raw, encoding)) <= len(raw)
    assert len(list(uuencoded(b"begin 644 x\n" + raw))) >= 1
