"""Which addresses are hosts of the public internet (RFC 6890 and its successors).

Stricter than `ipaddress.is_global`, which calls multicast, 6to4 and NAT64 of private
addresses global: a stranger who chooses an address must not reach our own network
with it, nor make us write to a registry about it.
"""

import re
from bisect import bisect_right
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
)
from socket import AF_INET, inet_pton

from sc.model.envelope import IPAddress

MAX_TEXT = 64
"""The longest address, `ffff:...:255.255.255.255`, has 45 octets."""

# IANA IPv4 Special-Purpose Address Registry, every block that is no single host of
# the internet, also those (192.0.0.0/24, 192.88.99.0/24) that are called global.
_NOT_PUBLIC_4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
_STARTS_4 = [int(block.network_address) for block in _NOT_PUBLIC_4]  # in their order
# RFC 4291 2.4: everything outside of 2000::/3 is no global unicast today.
_GLOBAL_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    IPv6Network(block)
    for block in ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20")
)
# In brackets, after `IPv6:`, with a zone. Most texts are names, and end at once.
_SHAPE = re.compile(
    r"\s*+[\[\]]*+\s*+(?>(?:[iI][pP][vV]6:)?)([0-9a-fA-F]*+[.:][0-9a-fA-F.:]*+)"
    r"(?:%|\s*+[\[\]]*+\s*+\Z)"
)
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 2.1


def parse(text: str) -> IPAddress | None:
    """
    An address as mail software writes it; None if it is none.

    Takes `[1.2.3.4]`, `IPv6:`, `%zone` and zero-padded octets; an IPv4-mapped
    address becomes IPv4. A port is not part of it.
    """
    match = _SHAPE.match(text)
    if match is None or len(match[1]) > MAX_TEXT:
        return None
    try:
        return _read(match[1])
    except (ValueError, OSError):
        return None


def _read(text: str) -> IPAddress:
    """@raise ValueError, OSError: it is none."""
    if ":" in text:
        return unmapped(IPv6Address(text))
    # The system's reader takes a quarter of the library's time.
    return IPv4Address(inet_pton(AF_INET, _without_padding(text)))


def unmapped(ip: IPAddress) -> IPAddress:
    """IPv4 for `::ffff:a.b.c.d` (RFC 4291 2.5.5.2), which names the same host."""
    return (isinstance(ip, IPv6Address) and ip.ipv4_mapped) or ip


def is_public(ip: IPAddress) -> bool:
    """True if `ip`, and each address that it wraps, is a host of the internet."""
    if isinstance(ip, IPv4Address):
        after = bisect_right(_STARTS_4, int(ip))
        return not (after and ip in _NOT_PUBLIC_4[after - 1])
    inner = wrapped(ip)
    if inner:
        return all(map(is_public, inner))
    return ip in _GLOBAL_6 and not any(ip in block for block in _NOT_PUBLIC_6)


def wrapped(ip: IPAddress) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses to which a translator or a tunnel delivers `ip`."""
    if isinstance(ip, IPv4Address):
        return ()
    if ip.ipv4_mapped:
        return (ip.ipv4_mapped,)
    if ip.sixtofour:
        return (ip.sixtofour,)
    if ip.teredo:
        return ip.teredo
    if ip in _NAT64:
        return (IPv4Address(int(ip) & 0xFFFFFFFF),)
    return ()


def _without_padding(text: str) -> str:
    """`074.125.000.001`: some software pads, and `ipaddress` refuses it."""
    if ".0" not in "." + text:
        return text
    return ".".join(part.lstrip("0") or "0" for part in text.split(".", 4))
