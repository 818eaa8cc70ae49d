"""sc.scan.list_table: what a list says of an address, fast."""

from collections.abc import Iterable
from ipaddress import ip_address

import pytest

from sc.scan.list_entry import Entry, Kind, read_entry
from sc.scan.list_table import MAX_ADDRESS, Table


def table(*lines: str) -> Table:
    return Table.of(map(read_entry, lines))


def values(entries: Iterable[Entry]) -> list[str]:
    return [entry.value for entry in entries]


def test_networks() -> None:
    """The smallest network comes first."""
    it = table("network 192.0.0.0/16", "network 192.0.2.0/24", "network 192.0.2.7")
    it = Table.of([*map(read_entry, ["network ::/0"]), *_all(it)])
    found = values(it.clients(ip_address("::ffff:192.0.2.7"), 0))
    assert found == ["192.0.2.7/32", "192.0.2.0/24", "192.0.0.0/16"]
    assert values(it.clients(ip_address("fe80::1%eth0"), 0)) == ["::/0"]
    assert values(it.clients(ip_address("198.51.100.1"), 0)) == []


def _all(it: Table) -> Iterable[Entry]:
    return it.clients(ip_address("192.0.2.7"), 0)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("Alice@Example.org", ["alice@example.org", "example.org", "*.org"]),
        ("bob@example.org.", ["example.org", "*.org"]),
        ("alice@example.org.", ["alice@example.org", "example.org", "*.org"]),
        ("bob@mail.example.org", ["*.example.org", "*.org"]),
        ("bob@notexample.org", ["*.org"]),
        ("bob@localhost", []),
        ("nobody", []),
        ("a" * MAX_ADDRESS + "@example.org", []),
    ],
)
def test_addresses(address: str, found: list[str]) -> None:
    """The address, its domain, and the domains above it; letters' case is nothing."""
    names = ("alice@example.org", "example.org", "*.example.org", "*.org")
    it = table(*(f"sender {name}" for name in names), "recipient example.org")
    assert values(it.addresses(Kind.SENDER, address, 0)) == found


def test_expired() -> None:
    """What held until yesterday is as if it were not there."""
    it = table("user joe until 1970-01-01", "user joe until 1970-01-02")
    assert len(list(it.users("Joe", 0))) == 2
    assert len(list(it.users("Joe", 90_000.0))) == 1
    assert it.count == 2


def test_about() -> None:
    """An address is looked for as a sender, a recipient and a user."""
    it = table(
        "sender example.org", "recipient a@example.org", "user a@example.org", "user b"
    )
    assert list(map(str, it.about("a@example.org", 0))) == [
        "sender example.org",
        "recipient a@example.org",
        "user a@example.org",
    ]
    assert values(it.about("b", 0)) == ["b"]
    assert values(table("network 192.0.2.0/24").about("192.0.2.1", 0))
