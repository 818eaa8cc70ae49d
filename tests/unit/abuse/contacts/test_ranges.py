"""Ranges of RDAP answers, and tables of networks."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from sc.abuse.contacts.ranges import (
    MAX_PREFIXES,
    NetworkTable,
    remembered,
    shared_around,
    shared_name,
    told,
)


def nets(*texts: str) -> tuple[Any, ...]:
    return tuple(map(ip_network, texts))


@pytest.mark.parametrize(
    ("answer", "networks"),
    [
        (
            {"cidr0_cidrs": [{"v4prefix": "203.0.113.0", "length": 24}]},
            ["203.0.113.0/24"],
        ),
        (
            {"cidr0_cidrs": [{"v4prefix": "200.160.0.0", "length": "20"}]},
            ["200.160.0.0/20"],
        ),
        (
            {"cidr0_cidrs": [{"v6prefix": "2001:db8::", "length": 32}]},
            ["2001:db8::/32"],
        ),
        (
            {"startAddress": "13.64.0.0", "endAddress": "13.107.255.255"},
            ["13.64.0.0/11", "13.96.0.0/13", "13.104.0.0/14"],
        ),
        (
            {"startAddress": "074.125.000.000", "endAddress": "074.125.255.255"},
            ["74.125.0.0/16"],
        ),
        (
            {"startAddress": "1.2.3.0/32", "endAddress": "1.2.3.255/32"},
            ["1.2.3.0/24"],
        ),
        (
            {"startAddress": "2001:db8::", "endAddress": "2001:db8::ffff"},
            ["2001:db8::/112"],
        ),
        (
            {
                "cidr0_cidrs": [{"v4prefix": "x", "length": 8}, 7, {}],
                "startAddress": "192.0.2.0",
                "endAddress": "192.0.2.255",
            },
            ["192.0.2.0/24"],
        ),
        ({"cidr0_cidrs": [{"v4prefix": "192.0.2.0", "length": 33}]}, []),
        ({"cidr0_cidrs": [{"v4prefix": "192.0.2.0", "length": None}]}, []),
        ({"cidr0_cidrs": [{"v4prefix": "192.0.2.0", "length": "8" * 5000}]}, []),
        ({"startAddress": "192.0.2.9", "endAddress": "192.0.2.1"}, []),
        ({"startAddress": "192.0.2.9", "endAddress": "2001:db8::"}, []),
        ({"startAddress": None, "endAddress": []}, []),
        ({}, []),
    ],
)
def test_told(answer: dict[str, Any], networks: list[str]) -> None:
    """The range is read from either notation, in all its misspellings."""
    assert told(answer) == nets(*networks)


def test_told_is_bounded() -> None:
    """A range that is a thousand prefixes is cut."""
    answer = {"startAddress": "2001:db8::1", "endAddress": "2001:db8:ffff::fffe"}
    assert len(told(answer)) == MAX_PREFIXES


@pytest.mark.parametrize(
    ("ip", "networks", "kept"),
    [
        ("203.0.113.9", ["203.0.113.0/24"], ["203.0.113.0/24"]),
        ("203.0.113.9", [], ["203.0.113.0/24"]),
        ("203.0.113.9", ["0.0.0.0/0"], ["203.0.113.0/24"]),
        ("203.0.113.9", ["202.0.0.0/7"], ["203.0.113.0/24"]),
        ("203.0.113.9", ["203.0.0.0/8"], ["203.0.0.0/12"]),
        (
            "13.70.1.1",
            ["13.64.0.0/11", "13.96.0.0/13"],
            ["13.96.0.0/13", "13.64.0.0/12"],
        ),
        ("2001:db8::9", ["2000::/3"], ["2001:db8::/48"]),
        ("2001:db8::9", ["2001::/16"], ["2001::/20"]),
        ("2001:db8::9", ["2001:db8::/32"], ["2001:db8::/32"]),
    ],
)
def test_remembered(ip: str, networks: list[str], kept: list[str]) -> None:
    """An answer about too much of the internet stands only for what was asked."""
    assert remembered(ip_address(ip), nets(*networks)) == nets(*kept)


def test_longest_prefix() -> None:
    """An address finds the smallest network that holds it."""
    table: NetworkTable[str] = NetworkTable()
    for text in ("0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "::/0"):
        table.put(ip_network(text), text)
    assert table.longest(ip_address("10.1.2.3")) == "10.1.2.3/32"
    assert table.longest(ip_address("10.1.2.4")) == "10.1.0.0/16"
    assert table.longest(ip_address("10.9.9.9")) == "10.0.0.0/8"
    assert table.longest(ip_address("192.0.2.1")) == "0.0.0.0/0"
    assert table.longest(ip_address("2001:db8::1")) == "::/0"
    table.remove(ip_network("10.1.2.3/32"))
    assert table.longest(ip_address("10.1.2.3")) == "10.1.0.0/16"
    assert NetworkTable[str]().longest(ip_address("10.1.2.3")) is None


@pytest.mark.parametrize(
    "text", ["203.0.113.0/24", "203.0.0.0/12", "203.0.113.9/32", "2001::/20"]
)
def test_shared_names(text: str) -> None:
    """A network is among those around each of its addresses, by the same name."""
    network = ip_network(text)
    for ip in (network[0], network[-1]):
        assert shared_around(ip)[str(shared_name(network))] == network.prefixlen


def test_not_shared() -> None:
    """What is too large for one answer, or one host's, has no name."""
    for text in ("203.0.0.0/11", "2001::/19", "2001:db8::/65"):
        assert shared_name(ip_network(text)) is None
