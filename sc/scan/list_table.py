"""The entries of one list, found without walking through all of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Self

from attrs import field, frozen

from sc.model.envelope import IPAddress
from sc.scan.list_entry import Entry, Kind

MAX_ADDRESS = 512
"""Characters: no longer one is looked for (RFC 5321 4.5.3.1.3 says 256)."""


@frozen
class Table:
    """@ivar prefixes: lengths of networks that occur, by version, longest first."""

    _entries: Mapping[tuple[Kind, str], tuple[Entry, ...]] = field(
        factory=dict, repr=False
    )
    _prefixes: Mapping[int, tuple[int, ...]] = field(factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Self:
        found = defaultdict[tuple[Kind, str], list[Entry]](list)
        prefixes = defaultdict[int, set[int]](set)
        for entry in entries:
            found[entry.kind, entry.value].append(entry)
            if entry.kind is Kind.NETWORK and entry.network is not None:
                prefixes[entry.network.version].add(entry.network.prefixlen)
        return cls(
            {key: tuple(same) for key, same in found.items()},
            {v: tuple(sorted(p, reverse=True)) for v, p in prefixes.items()},
        )

    @property
    def count(self) -> int:
        return sum(map(len, self._entries.values()))

    def clients(self, ip: IPAddress, now: float) -> Iterator[Entry]:
        """The networks with this address, the smallest first."""
        ip = getattr(ip, "ipv4_mapped", None) or ip
        for length in self._prefixes.get(ip.version, ()):
            network = ip_network((ip, length), strict=False)
            yield from self._holding(Kind.NETWORK, str(network), now)

    def addresses(self, kind: Kind, address: str, now: float) -> Iterator[Entry]:
        """The entries for a sender or a recipient, the most specific first."""
        if len(address) > MAX_ADDRESS:
            return
        address = address.lower().removesuffix(".")
        yield from self._holding(kind, address, now)
        domain = address.rpartition("@")[2]
        yield from self._holding(kind, domain, now)
        while "." in domain:
            domain = domain.partition(".")[2]
            yield from self._holding(kind, f"*.{domain}", now)

    def users(self, user: str, now: float) -> Iterator[Entry]:
        yield from self._holding(Kind.USER, user.lower(), now)

    def about(self, what: str, now: float) -> Iterator[Entry]:
        """All that would count for an address of either kind, or a user."""
        try:
            yield from self.clients(ip_address(what), now)
        except ValueError:
            yield from self.addresses(Kind.SENDER, what, now)
            yield from self.addresses(Kind.RECIPIENT, what, now)
            yield from self.users(what, now)

    def _holding(self, kind: Kind, value: str, now: float) -> Iterator[Entry]:
        for entry in self._entries.get((kind, value), ()):
            if entry.holds(now):
                yield entry
