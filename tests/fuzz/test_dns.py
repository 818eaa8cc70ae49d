"""Whatever a name server sends, nothing but `MessageError` comes out."""

import struct
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from sc.wire.dns import MessageError, decode_answer

HEADERS = st.builds(
    lambda n, m: struct.pack(">6H", 7, 0x8180, 1, n, m, 0),
    st.integers(0, 210),
    st.integers(0, 3),
)
PIECES = st.one_of(
    st.binary(max_size=20),
    st.just(b"\x01a\x00\x00\x01\x00\x01"),
    st.integers(0, 200).map(lambda n: struct.pack(">H", 0xC000 | n)),
    st.builds(
        lambda kind, data: struct.pack(">HHIH", kind, 1, 60, len(data)) + data,
        st.sampled_from([1, 5, 6, 12, 16, 28]),
        st.binary(max_size=24),
    ),
)


@given(st.binary(max_size=600))
def test_noise(octets: bytes) -> None:
    """Octets of any kind are an answer or an error."""
    with suppress(MessageError):
        decode_answer(octets)


@given(HEADERS, st.lists(PIECES, max_size=40))
def test_pieces_of_answers(head: bytes, pieces: list[bytes]) -> None:
    """So are pieces of real answers in any order; names stay bounded."""
    with suppress(MessageError):
        answer = decode_answer(head + b"\x01a\x00\x00\x01\x00\x01" + b"".join(pieces))
        assert all(len(r.name) <= 255 for r in answer.records)
