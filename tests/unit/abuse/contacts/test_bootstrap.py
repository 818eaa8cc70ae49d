"""Which registry answers for which address."""

import json
from ipaddress import ip_address

import pytest

from sc.abuse.contacts.bootstrap import Bootstrap, BootstrapError, Registry, rebased

SHIPPED = Bootstrap.shipped()


@pytest.mark.parametrize(
    ("ip", "base"),
    [
        ("203.0.113.80", "https://rdap.apnic.net/"),
        ("198.51.100.7", "https://rdap.arin.net/registry/"),
        ("8.8.8.8", "https://rdap.arin.net/registry/"),
        ("193.0.6.139", "https://rdap.db.ripe.net/"),
        ("200.160.0.8", "https://rdap.lacnic.net/rdap/"),
        ("196.1.1.1", "https://rdap.afrinic.net/rdap/"),
        ("2001:4860::8888", "https://rdap.arin.net/registry/"),
        ("2001:db8::1", "https://rdap.apnic.net/"),
        ("2410::1", "https://rdap.apnic.net/"),
        ("2a00:1450::1", "https://rdap.db.ripe.net/"),
        ("2a10::1", "https://rdap.db.ripe.net/"),
        ("2803::1", "https://rdap.lacnic.net/rdap/"),
        ("2c0f::1", "https://rdap.afrinic.net/rdap/"),
        ("10.0.0.1", None),
        ("127.0.0.1", None),
        ("224.0.0.1", None),
        ("fe80::1", None),
        ("::1", None),
    ],
)
def test_shipped(ip: str, base: str | None) -> None:
    """The shipped lists know every registry, and no private space."""
    found = SHIPPED.registry(ip_address(ip))
    assert (found and found.base) == base


def test_every_address_has_one_registry() -> None:
    """All of IPv4 that hosts can have belongs to somebody, but for two blocks."""
    missing = [
        n for n in range(1, 224) if not SHIPPED.registry(ip_address(f"{n}.1.1.1"))
    ]
    assert missing == [10, 127]


def test_own_bases() -> None:
    """The operator may name another server for one registry, or for all."""
    bases = {"ripe": "http://rdap.local/ripe", "*": "http://rdap.local/all/"}
    ripe = rebased(Registry("ripe", "https://rdap.db.ripe.net/"), bases)
    arin = rebased(Registry("arin", "https://rdap.arin.net/registry/"), bases)
    assert ripe == Registry("ripe", "http://rdap.local/ripe/")
    assert arin == Registry("arin", "http://rdap.local/all/")
    assert rebased(arin, {"ripe": "http://rdap.local/"}) == arin


def document(*services: object) -> bytes:
    return json.dumps({"services": services}).encode()


def test_autnum() -> None:
    """An AS is found in the ranges of the list, also one that stands alone."""
    table = Bootstrap(
        [
            document(
                [["64500-64510", "64496"], ["https://rdap.arin.net/registry/"]],
                [["64511"], ["https://rdap.db.ripe.net/"]],
            )
        ]
    )
    told = {n: table.autnum(n) for n in (64495, 64496, 64497, 64500, 64510, 64511)}
    assert {n: registry and registry.name for n, registry in told.items()} == {
        64495: None,
        64496: "arin",
        64497: None,
        64500: "arin",
        64510: "arin",
        64511: "ripe",
    }
    assert SHIPPED.autnum(64500) is None


def test_replace_is_whole_or_nothing() -> None:
    """A damaged file among new ones leaves the old ones in place."""
    table = Bootstrap([document([["192.0.2.0/24"], ["https://a.example/"]])])
    good = document([["198.51.100.0/24"], ["https://b.example/"]])
    with pytest.raises(BootstrapError):
        table.replace([good, b"{"])
    assert table.registry(ip_address("192.0.2.1")) == Registry(
        "a.example", "https://a.example/"
    )
    assert table.registry(ip_address("198.51.100.1")) is None


def test_https_is_preferred_and_prefixes_may_nest() -> None:
    """A new file may name any server, with the smaller network first in rank."""
    services = [
        [["192.0.0.0/8"], ["http://a.example/x", "https://a.example/x"]],
        [["192.0.2.0/24"], ["http://b.example"]],
    ]
    table = Bootstrap([json.dumps({"services": services}).encode()])
    outer = table.registry(ip_address("192.1.1.1"))
    inner = table.registry(ip_address("192.0.2.1"))
    assert outer
    assert (outer.name, outer.base) == ("a.example", "https://a.example/x/")
    assert inner
    assert inner.base == "http://b.example/"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b'{"services": null}',
        b'{"services": []}',
        b'{"services": [[["1-x"], ["https://a.example/"]]]}',
        b'{"services": [[["x"], ["https://a.example/"]]]}',
        b'{"services": [[["1.0.0.0/8"], []]]}',
        b'{"services": [[["1.0.0.0/8"], ["nonsense"]]]}',
        b'{"services": [[["1.0.0.0/8"], [7]]]}',
        b'{"services": [[["1.0.0.0/8"]]]}',
        b"[" * 100_000,
        b'{"services": [[["1.0.0.0/8"], ["https://rdap.ap',
    ],
)
def test_damaged(document: bytes) -> None:
    """A file that is cut or is something else is told as such."""
    with pytest.raises(BootstrapError, match="not a bootstrap file"):
        Bootstrap([document])
