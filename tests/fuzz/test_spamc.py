"""sc.wire.spamc: whatever arrives, nothing but `ProtocolError` comes out."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from sc.wire import spamc

PARTS = [
    b"SPAMD/1.1 0 EX_OK\r\n",
    b"SPAMD/1.0 76 Bad header line\r\n",
    b"Content-length: 5\r\n",
    b"Content-length: -1\r\n",
    b"Content-length: \xb2\r\n",
    b"Spam: True ; 15.0 / 5.0\r\n",
    b"Spam: False ; -0.0 / 5.0\r\n",
    b"\r\n",
    b"GTUBE",
]
NEAR = st.lists(st.sampled_from(PARTS) | st.binary(max_size=6), max_size=8).map(
    b"".join
)


@given(NEAR)
def test_only_protocol_error(octets: bytes) -> None:
    """A result has a Spam line and a body of exactly the told length."""
    with suppress(spamc.ProtocolError):
        if isinstance(spamc.parse_reply(octets), spamc.Result):
            assert b"\r\nSpam: " in octets
            assert len(octets.partition(b"\r\n\r\n")[2]) == 5
