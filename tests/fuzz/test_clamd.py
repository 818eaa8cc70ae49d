"""sc.wire.clamd: whatever arrives, nothing but `ProtocolError` comes out."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from sc.wire import clamd

NEAR = st.lists(
    st.sampled_from([b"stream: ", b"OK", b" FOUND", b" ERROR", b"\0", b"\n", b"x/y"])
    | st.binary(max_size=8),
    max_size=8,
).map(b"".join)


@given(NEAR)
def test_only_protocol_error(octets: bytes) -> None:
    """A reply is clean only if it is the one clean reply."""
    with suppress(clamd.ProtocolError):
        reply = clamd.parse_reply(octets)
        assert (octets == b"stream: OK\0") == isinstance(reply, clamd.Clean)


@given(st.binary(max_size=200_000))
def test_request_can_be_read_back(content: bytes) -> None:
    """The chunks, read by their lengths, are the message."""
    stream = b"".join(clamd.request(content)).removeprefix(b"zINSTREAM\0")
    read = bytearray()
    while size := int.from_bytes(stream[:4], "big"):
        read += stream[4 : 4 + size]
        stream = stream[4 + size :]
    assert bytes(read) == content
    assert stream == bytes(4)
