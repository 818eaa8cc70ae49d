"""Which registry answers for an address or an AS (RFC 9224), from IANA's files.

Copies of those for addresses are shipped: they change every few years, and a report
must not depend on one more server. `sc.abuse.contacts.bootstrap_files` gets newer ones.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from importlib.resources import files
from ipaddress import ip_network
from typing import Any, TypeAlias

from attrs import frozen

from sc.abuse.contacts.ranges import NetworkTable
from sc.model.complaint import IPNetwork
from sc.model.envelope import IPAddress

MAX_SERVICES = 1000

REGISTRIES = {
    "rdap.afrinic.net": "afrinic",
    "rdap.apnic.net": "apnic",
    "rdap.arin.net": "arin",
    "rdap.db.ripe.net": "ripe",
    "rdap.lacnic.net": "lacnic",
}
"""The name of a registry by the host of its RDAP server."""

Key: TypeAlias = IPNetwork | tuple[int, int]
"""A network, or the first and the last of some AS numbers."""

EVERY = "*"
"""In the settings: the base URL for all registries."""


SHIPPED = {
    "ipv4.json": "rdap-bootstrap-ipv4.json",
    "ipv6.json": "rdap-bootstrap-ipv6.json",
}
"""IANA's names of the files, and ours."""


class BootstrapError(ValueError):
    """The file is not one of IANA's bootstrap files."""


@frozen
class Registry:
    """
    @ivar name: `arin`, ..., or the host of a server that is none of the five.
    @ivar base: URL that ends in a slash.
    """

    name: str
    base: str


class Bootstrap:
    """
    @raise BootstrapError: a file is damaged.
    """

    def __init__(self, documents: Iterable[bytes]) -> None:
        self.replace(documents)

    @classmethod
    def shipped(cls) -> "Bootstrap":
        """From the copies in this package."""
        return cls(shipped_documents().values())

    def replace(self, documents: Iterable[bytes]) -> None:
        """
        Take all files in place of those before; on an error nothing changes.

        @raise BootstrapError: a file is damaged.
        """
        networks: NetworkTable[Registry] = NetworkTable()
        numbers: list[tuple[int, int, Registry]] = []
        names: dict[str, Registry] = {}
        for document in documents:
            for key, registry in services(document):
                names.setdefault(registry.name, registry)
                if isinstance(key, tuple):
                    numbers.append((*key, registry))
                else:
                    networks.put(key, registry)
        self._networks = networks
        self._names = names
        self._numbers = sorted(numbers, key=lambda n: n[:2])

    def registry(self, ip: IPAddress) -> Registry | None:
        """Who answers for an address; None if nobody does (private space)."""
        return self._networks.longest(ip)

    def named(self, name: str) -> Registry | None:
        """The registry of this name, if any file names it."""
        return self._names.get(name)

    def autnum(self, number: int) -> Registry | None:
        """Who answers for an AS; None if we have no list of them, or nobody does."""
        at = bisect_right(self._numbers, number, key=lambda n: n[0]) - 1
        if at < 0:
            return None
        _, last, registry = self._numbers[at]
        return registry if number <= last else None


def rebased(registry: Registry, bases: Mapping[str, str]) -> Registry:
    """With the operator's base URL, by the registry's name or `EVERY`."""
    base = bases.get(registry.name, bases.get(EVERY))
    return registry if base is None else Registry(registry.name, _slashed(base))


def shipped_documents() -> dict[str, bytes]:
    """By IANA's names of the files."""
    data = files("sc").joinpath("data")
    return {name: data.joinpath(ours).read_bytes() for name, ours in SHIPPED.items()}


def services(document: bytes) -> list[tuple[Key, Registry]]:
    """
    What a file says; a list without any entry is no file of theirs.

    @raise BootstrapError: it is cut, or something else.
    """
    try:
        found = list(_services(document))
        if not found:
            raise ValueError("no services")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as e:
        raise BootstrapError(f"not a bootstrap file: {e!r:.100}") from e
    return found


def _services(document: bytes) -> Iterable[tuple[Key, Registry]]:
    for keys, urls in json.loads(document)["services"][:MAX_SERVICES]:
        registry = _registry(urls)
        for key in keys:
            yield _key(key), registry


def _key(text: str) -> Key:
    """A network, or `first-last` or `number` of ASes (RFC 9224 5.3)."""
    if "." in text or ":" in text:
        return ip_network(text)
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def _registry(urls: list[Any]) -> Registry:
    """RFC 9224 3: https is preferred where both are offered."""
    base = next((u for u in urls if u.startswith("https://")), urls[0])
    if not base.startswith(("https://", "http://")):
        raise ValueError(base)
    host = base.split("/")[2]
    return Registry(REGISTRIES.get(host, host), _slashed(base))


def _slashed(base: str) -> str:
    return base if base.endswith("/") else base + "/"
