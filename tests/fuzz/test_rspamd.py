"""sc.wire.rspamd: whatever arrives, nothing but `ProtocolError` comes out."""

import json
import math
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sc.wire import rspamd
from sc.wire.http_client import ProtocolError, parse_reply
from tests.fakes.rspamd import reply

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["score", "options", "description", "A", ""]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
NEAR = st.fixed_dictionaries(
    {"action": st.just("reject") | JSON, "score": st.just(1.5) | JSON, "symbols": JSON},
    optional={"required_score": JSON, "is_skipped": JSON, "error": JSON},
)


def parse(octets: bytes) -> rspamd.Reply:
    return rspamd.read_reply(parse_reply(octets))


@given(NEAR)
def test_only_protocol_error(told: dict[str, Any]) -> None:
    """A result has an action, a finite score and printable symbols."""
    with suppress(ProtocolError):
        found = parse(reply(json.dumps(told).encode()))
        if isinstance(found, rspamd.Result):
            assert math.isfinite(found.score)
            assert all(hit.name.isascii() for hit in found.hits)


@given(st.binary(max_size=60))
def test_octets(octets: bytes) -> None:
    """Nor do octets that are no HTTP."""
    with suppress(ProtocolError):
        parse(octets)
