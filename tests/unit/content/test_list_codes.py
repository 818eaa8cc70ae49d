"""sc.content.list_codes: names that are asked for, and answers that are none."""

from ipaddress import IPv4Address, ip_address

import pytest

from sc.content.list_codes import Kind, kind_of, query, refusal


def test_queries() -> None:
    """RFC 5782 2.1 and 2.4: octets and nibbles, the last one first."""
    assert query(ip_address("192.0.2.99")) == "99.2.0.192"
    nibbles = query(ip_address("2001:db8:1:2:3:4:567:89ab"))
    assert nibbles == "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2"
    assert kind_of(ip_address("192.0.2.99")) is Kind.IPV4
    assert kind_of(ip_address("2001:db8::1")) is Kind.IPV6


def test_test_entries() -> None:
    """RFC 5782 5: what every list has, and what none has."""
    assert (Kind.IPV4.listed, Kind.IPV4.unlisted) == ("2.0.0.127", "1.0.0.127")
    assert Kind.IPV6.listed == "2.0.0.0.0.0.f.7.f.f.f.f" + 20 * ".0"
    assert Kind.IPV6.unlisted == "1.0.0.0.0.0.f.7.f.f.f.f" + 20 * ".0"
    assert (Kind.NAME.listed, Kind.NAME.unlisted) == ("test", "invalid")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("127.0.0.2", ""),
        ("127.0.0.0", ""),
        ("127.255.254.255", ""),
        ("127.0.0.1", "may not ask"),
        ("127.255.255.0", "may not ask"),
        ("127.255.255.254", "may not ask"),
        ("128.0.0.0", "shut down"),
        ("126.255.255.255", "shut down"),
        ("9.9.9.9", "shut down"),
    ],
)
def test_refusals(code: str, words: str) -> None:
    """A server that says no, or that knows every name, lists nobody."""
    said = refusal([IPv4Address("127.0.0.3"), IPv4Address(code)])
    assert words in said
    assert bool(said) is bool(words)
    assert refusal([]) == ""
