"""sc.scan.list_entry: one line of an allow or deny list."""

from ipaddress import ip_address, ip_network

import pytest

from sc.scan.list_entry import MAX_LINE, Entry, Kind, read_entry


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        (
            "network 192.0.2.0/24",
            Entry(Kind.NETWORK, "192.0.2.0/24", ip_network("192.0.2.0/24")),
        ),
        (
            "network 2001:DB8::1",
            Entry(Kind.NETWORK, "2001:db8::1/128", ip_network("2001:db8::1")),
        ),
        (
            "sender News@Example.ORG from 198.51.100.7",
            Entry(Kind.SENDER, "news@example.org", ip_network("198.51.100.7")),
        ),
        ("sender *.example.com", Entry(Kind.SENDER, "*.example.com")),
        (" RECIPIENT\tabuse@example.net ", Entry(Kind.RECIPIENT, "abuse@example.net")),
        ("user Backup # nightly", Entry(Kind.USER, "backup", comment="nightly")),
        (
            "sender example.org until 1970-01-02 # short",
            Entry(Kind.SENDER, "example.org", until=172_800.0, comment="short"),
        ),
    ],
)
def test_entries(line: str, entry: Entry) -> None:
    """As the documentation writes them."""
    assert read_entry(line) == entry
    assert read_entry(str(entry)).value == entry.value


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "must be: network"),
        ("network", "must be: network"),
        ("host 192.0.2.1", "must begin with one of network, sender"),
        ("network 192.0.2.1/24", "must be a network, such as"),
        ("network example.org", "must be a network, such as"),
        ("sender *@example.org", "must be an address, a domain"),
        ("sender @example.org", "must be an address, a domain"),
        ("sender a..b", "must be an address, a domain"),
        ("recipient b\u00fcro@example.org", "must be an address, a domain"),
        ("user j\u00f6rg", "must be the name of a user"),
        ("user joe from 192.0.2.1", "only a sender comes from a network"),
        ("sender a@example.org from here", "must be a network, such as"),
        ("user joe until tomorrow", "must end on a day"),
        ("user joe until 9999-12-31", "must end on a day"),
        ("user joe until", "must be: network"),
        ("user joe " + "#" * MAX_LINE, "is longer than"),
    ],
)
def test_no_entries(line: str, told: str) -> None:
    """What cannot be meant is told with what could be."""
    with pytest.raises(ValueError, match=told):
        read_entry(line)


def test_until() -> None:
    """The named day is the last one."""
    entry = read_entry("user joe until 1970-01-01")
    assert entry.holds(86_399.9)
    assert not entry.holds(86_400.0)


def test_covers() -> None:
    """An IPv4 client that a dual socket shows as IPv6 is the same client."""
    entry = read_entry("network 192.0.2.0/24")
    assert entry.covers(ip_address("::ffff:192.0.2.7"))
    assert not entry.covers(ip_address("2001:db8::1"))
    assert not entry.covers(None)
    assert not read_entry("user joe").covers(ip_address("192.0.2.7"))
