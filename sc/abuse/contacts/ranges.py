"""Networks: the ranges of an RDAP answer, and tables searched by longest prefix."""

from collections.abc import Iterator, Mapping
from ipaddress import (
    ip_network,
    summarize_address_range,
)
from itertools import islice
from typing import Any, Generic, TypeVar, cast

from sc.content.addresses import parse
from sc.model.complaint import IPNetwork
from sc.model.envelope import IPAddress

T = TypeVar("T")

MAX_PREFIXES = 64
"""Prefixes of one registration that we read; real ones have a handful."""

# A registry that answers with the whole internet (`0.0.0.0 - 255.255.255.255`) does
# not know the range; a large one may hold smaller assignments that it did not name.
_ABSURD = {4: 7, 6: 15}
_LARGEST = {4: 12, 6: 20}
_ALONE = {4: 24, 6: 48}
_NARROWEST = {4: 32, 6: 64}
"""Of the networks that nodes share; a longer prefix is one host's."""

# Addresses that name another host in each network, or none: nobody's desk hears of
# them, and nobody is asked about them (RFC 1918, 6598, 3927, 1122, 4193, 4291).
_INNER = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
        "::/96",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
    )
)


class NetworkTable(Generic[T]):
    """Values by network; an address finds those of all networks that contain it."""

    def __init__(self) -> None:
        self._by_length: dict[tuple[int, int], dict[int, tuple[IPNetwork, T]]] = {}

    def put(self, network: IPNetwork, value: T) -> None:
        key = (network.version, network.prefixlen)
        at = int(network.network_address)
        self._by_length.setdefault(key, {})[at] = (network, value)

    def remove(self, network: IPNetwork) -> None:
        key = (network.version, network.prefixlen)
        self._by_length[key].pop(int(network.network_address))

    def get(self, network: IPNetwork) -> T | None:
        """What was put for just this network."""
        key = (network.version, network.prefixlen)
        found = self._by_length.get(key, {}).get(int(network.network_address))
        return None if found is None else found[1]

    def matches(self, ip: IPAddress) -> Iterator[tuple[IPNetwork, T]]:
        """The longest prefix first."""
        number, bits = int(ip), ip.max_prefixlen
        for length in range(bits, -1, -1):
            values = self._by_length.get((ip.version, length))
            if values:
                found = values.get(number >> (bits - length) << (bits - length))
                if found is not None:
                    yield found

    def longest(self, ip: IPAddress) -> T | None:
        return next((value for _, value in self.matches(ip)), None)


def is_inner(ip: IPAddress) -> bool:
    """Whether an address is none of the internet's: it means something inside only."""
    return any(ip in network for network in _INNER)


def block(ip: IPAddress, length: int) -> IPNetwork:
    """The network of this length around an address."""
    return ip_network(f"{ip}/{length}", strict=False)


def alone(ip: IPAddress) -> IPNetwork:
    """What is taken for the network of an address whose range nobody told."""
    return block(ip, _ALONE[ip.version])


def widest(ip: IPAddress) -> IPNetwork:
    """The largest range that one answer may stand for."""
    return block(ip, _LARGEST[ip.version])


def is_range(network: IPNetwork) -> bool:
    """Whether one answer may stand for it."""
    return network.prefixlen >= _LARGEST[network.version]


def shared_name(network: IPNetwork) -> str | None:
    """How nodes call a network; None for one that they do not share."""
    length = network.prefixlen
    if not is_range(network) or length > _NARROWEST[network.version]:
        return None
    return _name(network.version, int(network.network_address), length)


def shared_around(ip: IPAddress) -> dict[str, int]:
    """The names of all networks around an address that nodes share, with lengths."""
    number, bits = int(ip), ip.max_prefixlen
    lengths = range(_LARGEST[ip.version], _NARROWEST[ip.version] + 1)
    return {
        _name(ip.version, number >> (bits - length) << (bits - length), length): length
        for length in lengths
    }


def _name(version: int, number: int, length: int) -> str:
    # Not as people write it: 45 IPv6 networks would take 2 ms.
    return f"{version}:{number:x}/{length}"


def remembered(ip: IPAddress, told: tuple[IPNetwork, ...]) -> tuple[IPNetwork, ...]:
    """The networks for which an answer about `ip` may be used again."""
    if any(n.prefixlen <= _ABSURD[n.version] for n in told):
        return (alone(ip),)
    small = [n for n in told if is_range(n)]
    if not any(ip in n for n in small):
        large = any(ip in n for n in told)
        small.append(widest(ip) if large else alone(ip))
    return tuple(small)


def told(network: Mapping[str, Any]) -> tuple[IPNetwork, ...]:
    """
    The ranges of an RDAP `ip network` object (RFC 9083 5.4, and cidr0): none if they
    are missing or cannot be read.
    """
    cidrs = network.get("cidr0_cidrs")
    if isinstance(cidrs, list):
        found = [_cidr(item) for item in cidrs[:MAX_PREFIXES]]
        named = tuple(n for n in found if n is not None)
        if named:
            return named
    return between(network.get("startAddress"), network.get("endAddress"))


def _cidr(item: object) -> IPNetwork | None:
    if not isinstance(item, dict):
        return None
    prefix = _address(item.get("v4prefix", item.get("v6prefix")))
    length = item.get("length")  # NIC.br writes it as a string.
    text = str(length) if isinstance(length, int | str) else ""
    if prefix is None or not (text.isascii() and text.isdigit() and len(text) < 4):
        return None
    if int(text) > prefix.max_prefixlen:
        return None
    return block(prefix, int(text))


def prefixes(text: str) -> tuple[IPNetwork, ...]:
    """`192.0.2.0/24, 198.51.100.0/24`, also with the octets left out (`192.0.2/24`)."""
    found = []
    for word in text.split(",", MAX_PREFIXES)[:MAX_PREFIXES]:
        start, _, length = word.strip().partition("/")
        if ":" not in start:
            start += ".0" * (3 - start.count("."))
        key = "v6prefix" if ":" in start else "v4prefix"
        network = _cidr({key: start, "length": length})
        if network is not None:
            found.append(network)
    return tuple(found)


def between(start: object, end: object) -> tuple[IPNetwork, ...]:
    """The networks from one address to another; none if that cannot be read."""
    first, last = _address(start), _address(end)
    if first is None or last is None or first.version != last.version:
        return ()
    if int(first) > int(last):
        return ()
    networks = cast(
        Iterator[IPNetwork], summarize_address_range(cast(Any, first), last)
    )
    return tuple(islice(networks, MAX_PREFIXES))


def _address(text: object) -> IPAddress | None:
    """Old RIPE answers ended addresses in `/32`, old ARIN ones padded the octets."""
    return parse(text.partition("/")[0]) if isinstance(text, str) else None
