"""sc.content.addresses: which addresses are hosts of the internet."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.addresses import is_public, parse, unmapped

PUBLIC = [
    "8.8.8.8",
    "223.255.255.1",
    "192.0.1.1",
    "2a00:1450:4001::1",
    "2600::",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
]
NOT_PUBLIC = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "192.0.0.9",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::8.8.8.8",
    "2002:a00:1::1",
    "2001:0:808:808::f5ff:fffe",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("text", PUBLIC)
def test_public(text: str) -> None:
    """A host of the internet, also behind a translator, is public."""
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_not_public(text: str) -> None:
    """What is private, special, or a wrapped private address is refused."""
    assert not is_public(ip_address(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.2.3.4", "1.2.3.4"),
        (" [1.2.3.4] ", "1.2.3.4"),
        ("[IPv6:2a00::1]", "2a00::1"),
        ("ipv6:::ffff:1.2.3.4", "1.2.3.4"),
        ("fe80::1%6", "fe80::1"),
        ("074.125.000.001", "74.125.0.1"),
    ],
)
def test_parse(text: str, expected: str) -> None:
    """Every way in which mail software writes an address is understood."""
    assert parse(text) == ip_address(expected)


@pytest.mark.parametrize(
    "text", ["", "[]", "1.2.3", "1.2.3.4:25", "mail.example", "1" * 99, "1.2.3.\u0664"]
)
def test_no_address(text: str) -> None:
    """What is no address is None."""
    assert parse(text) is None


def test_unmapped() -> None:
    """A mapped address names the IPv4 host; others stay."""
    assert str(unmapped(ip_address("::ffff:1.2.3.4"))) == "1.2.3.4"
    assert str(unmapped(ip_address("2a00::1"))) == "2a00::1"


WRITTEN = ["1.2.3.4", "IPv6:", "2a00::1", "[", "]", " ", "%", "e", ".", "x", "\xa0"]


@given(st.lists(st.sampled_from(WRITTEN), max_size=8).map("".join))
def test_parse_at_once(text: str) -> None:
    """What is read in one look is what remains without blanks, brackets and zone."""
    bare = text.strip().strip("[]").strip()
    bare = bare[5:] if bare[:5].lower() == "ipv6:" else bare
    try:
        expected = unmapped(ip_address(bare.partition("%")[0]))
    except ValueError:
        expected = None
    assert parse(text) == expected


@given(st.text(max_size=80))
def test_parse_never_raises(text: str) -> None:
    """Whatever the text, an address or None."""
    ip = parse(text)
    assert ip is None or is_public(ip) in (True, False)
