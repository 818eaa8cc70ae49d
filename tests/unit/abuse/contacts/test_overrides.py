"""The operator's own word: by network, name and AS."""

import pytest

from sc.abuse.contacts.overrides import parse_key
from tests.fakes.contacts import DESK, IP, Site

CYMRU = "80.113.0.203.origin.asn.cymru.com"
OURS = "desk@ours.example"


def site(**overrides: str) -> Site:
    made = Site(overrides=overrides)
    made.names.pointers[str(IP)] = ["static-80.pool.hosting.example"]
    made.names.texts[CYMRU] = ["64499 64500 | 203.0.113.0/24 | AU | apnic | 2010"]
    return made


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("203.0.113.80", "set by the operator"),
        ("203.0.112.0/20", "set by the operator"),
        ("hosting.example", "set by the operator for hosting.example"),
        ("Pool.Hosting.Example.", "set by the operator for Pool.Hosting.Example."),
        ("AS64500", "set by the operator for AS64500"),
        ("as64499", "set by the operator for as64499"),
    ],
)
async def test_kinds(key: str, reason: str) -> None:
    """Address, network, domain of the validated reverse name, AS."""
    asking = site(**{key: OURS})
    found = await asking.find()
    assert (found.address, found.source, found.reason) == (OURS, "override", reason)
    assert asking.asked == 0


@pytest.mark.parametrize("key", ["other.example", "80.pool.hosting.example", "AS64501"])
async def test_others(key: str) -> None:
    """Who is not meant is looked up."""
    assert (await site(**{key: OURS}).find()).address == DESK


async def test_order() -> None:
    """A network says more than a name (the longest first), a name more than an AS."""
    all_kinds = {
        "AS64500": "as@x.example",
        "hosting.example": "wide@x.example",
        "pool.hosting.example": "name@x.example",
        "203.0.113.0/24": "net@x.example",
    }
    for expected in ("net", "name", "wide", "as"):
        asking = site(**all_kinds)
        assert (await asking.find()).address == f"{expected}@x.example"
        all_kinds = {k: v for k, v in all_kinds.items() if not v.startswith(expected)}


async def test_nothing_is_looked_up_in_vain() -> None:
    """Names and ASes are asked for only if the operator lists some."""
    asking = site(**{"192.0.2.0/24": OURS})
    await asking.find()
    assert asking.names.asked == []


async def test_nobody_can_tell() -> None:
    """A broken zone does not keep reports back."""
    asking = site(**{"hosting.example": OURS, "AS64500": OURS})
    asking.names.broken = {str(IP), CYMRU}
    assert (await asking.find()).address == DESK


@pytest.mark.parametrize(
    "text", ["x", "AS", "AS1x", "1.2.3.4.5", "a..b", "192.0.2.1/24"]
)
def test_no_key(text: str) -> None:
    """What is none of them is refused with the settings."""
    with pytest.raises(ValueError, match="is not an address or network, AS number or"):
        parse_key(text)
