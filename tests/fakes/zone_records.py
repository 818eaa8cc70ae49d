"""DNS as the public SPF tests write it down: records by name, without a server."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from attrs import define, field

from sc.model.envelope import IPAddress
from sc.net.resolver import NotFoundError, ResolveError, ResolveFailedError
from sc.wire.dns import MailExchange

TIMEOUT = "TIMEOUT"


@define
class ZoneRecords:
    """
    @ivar zone: `{"A": "192.0.2.1"}` for each record of a name in lower case; a bare
        TIMEOUT stands for every type that has none.
    """

    zone: Mapping[str, Sequence[Mapping[str, Any] | str]]
    asked: list[tuple[str, str]] = field(factory=list)

    async def txt(self, name: str) -> tuple[bytes, ...]:
        return tuple(
            "".join([value] if isinstance(value, str) else value).encode()
            for value in self._records(name, "TXT")
        )

    async def a(self, name: str) -> tuple[IPv4Address, ...]:
        return tuple(IPv4Address(value) for value in self._records(name, "A"))

    async def aaaa(self, name: str) -> tuple[IPv6Address, ...]:
        return tuple(IPv6Address(value) for value in self._records(name, "AAAA"))

    async def mx(self, name: str) -> tuple[MailExchange, ...]:
        return tuple(MailExchange(p, host) for p, host in self._records(name, "MX"))

    async def ptr(self, ip: IPAddress) -> tuple[str, ...]:
        names = [n.lower() for n in self._records(ip.reverse_pointer, "PTR")]
        found = tuple(name for name in names if ip in self._either(name))
        if not found:
            raise NotFoundError(str(ip))
        return found

    def _either(self, name: str) -> Iterator[IPAddress]:
        for kind in ("A", "AAAA"):
            try:
                yield from map(ip_address, self._records(name, kind))
            except ResolveError:
                continue

    def _records(self, name: str, kind: str, depth: int = 0) -> list[Any]:
        self.asked.append((name, kind))
        entry = self.zone.get(name.rstrip(".").lower(), ())
        maps = [r for r in entry if not isinstance(r, str)]
        found = [record[kind] for record in maps if kind in record]
        if TIMEOUT in found or (not found and TIMEOUT in entry):
            raise ResolveFailedError(name)
        alias = next((record["CNAME"] for record in maps if "CNAME" in record), None)
        if not found and alias is not None and depth < 8:
            return self._records(alias, kind, depth + 1)
        if not found and alias is not None:
            raise ResolveFailedError("aliases in a ring")
        if not found:
            raise NotFoundError(name)
        return found


def as_published(
    entry: Sequence[Mapping[str, Any] | str],
) -> list[Mapping[str, Any] | str]:
    """With TXT for the type SPF of old, where no TXT is written down."""
    has_texts = any(isinstance(r, Mapping) and "TXT" in r for r in entry)
    old = "" if has_texts else "SPF"
    return [
        {"TXT": record[old]}
        if isinstance(record, Mapping) and old in record
        else record
        for record in entry
        if record != {"TXT": "NONE"}
    ]
