"""sc.wire.dcc: whatever arrives, nothing but `ProtocolError` comes out."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from sc.wire import dcc

PARTS = [b"A\n", b"R\n", b"T\n", b"AR", b"\n", b"X-DCC-x: h 1; bulk Body=many", b"\t"]
NEAR = st.lists(st.sampled_from(PARTS) | st.binary(max_size=4), max_size=8).map(
    b"".join
)


@given(NEAR)
def test_only_protocol_error(octets: bytes) -> None:
    """An answer names its recipients, and no more refuse than there are."""
    with suppress(dcc.ProtocolError):
        result = dcc.parse_reply(octets)
        assert result.refused <= result.recipients
        assert result.recipients or result.overall is dcc.Overall.LATER
