"""sc.wire.icap: whatever arrives, nothing but `ProtocolError` comes out."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from sc.wire.icap import Client, Method, ProtocolError
from tests.fakes.icap import CLEAN, CONTINUE, OPTIONS, answer, found

PARTS = [
    OPTIONS,
    CLEAN,
    CONTINUE,
    found(),
    answer(),
    b"0\r\n\r\n",
    b"ICAP/1.0 200 OK\r\n",
]
NEAR = st.lists(st.sampled_from(PARTS) | st.binary(max_size=20), max_size=6)


@given(NEAR, st.sampled_from(Method))
def test_only_protocol_error(octets: list[bytes], method: Method) -> None:
    """There is no verdict before the service has said what it offers."""
    one = Client("x", method, b"hello")
    with suppress(ProtocolError):
        for piece in octets:
            one.receive(piece)
    assert (
        one.outcome is None or octets[0] == OPTIONS or b"".join(octets)[:4] == b"ICAP"
    )
