"""Whatever a registry answers: nothing but `RDAPError`, and no bad mailbox."""

import json
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sc.abuse.contacts.mailbox import mailbox
from sc.abuse.contacts.ranges import told
from sc.abuse.contacts.rdap import RDAPError, parse_entity, parse_network

WORDS = st.sampled_from(
    ["abuse", "technical", "email", "fn", "vcard", "self", "a@b.example", "192.0.2.0"]
)
_KEYS = """entities roles handle vcardArray links rel href remarks description
    cidr0_cidrs v4prefix length startAddress endAddress"""
KEYS = st.sampled_from(_KEYS.split())
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), WORDS, st.text(max_size=20)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), st.dictionaries(KEYS, inner, max_size=6)
    ),
    max_leaves=30,
)


@given(st.binary(max_size=300))
def test_noise(body: bytes) -> None:
    """Octets of any kind are an answer or an error."""
    for parse in (parse_entity, lambda b: parse_network(b, deepest_first=True)):
        with suppress(RDAPError):
            parse(body)


@given(st.dictionaries(KEYS, VALUES, max_size=8))
def test_any_json(answer: dict[str, Any]) -> None:
    """Every mailbox of an answer of any shape can be mailed safely."""
    found = parse_network(json.dumps(answer).encode(), deepest_first=True)
    assert told(answer) == found.networks
    for m in found.mailboxes:
        assert mailbox(m.address) == m.address
        assert not set(m.address) & set("\r\n\0 <>,;")


@given(st.text(max_size=60))
def test_mailbox_is_stable(text: str) -> None:
    """What has been cleaned once does not change again."""
    found = mailbox(text)
    assert found is None or mailbox(found) == found
