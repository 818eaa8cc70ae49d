"""What the operator says about networks, before anybody is asked."""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import TypeAlias

from attrs import frozen

from sc.abuse.contacts.origins import origin
from sc.abuse.contacts.ranges import NetworkTable
from sc.model.complaint import Contact, IPNetwork
from sc.model.envelope import IPAddress
from sc.net.resolver import RecordResolver, ResolveError

Key: TypeAlias = IPNetwork | int | str

_AS = re.compile(r"[Aa][Ss]([0-9]{1,10})\Z")
_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,62}\.))+[a-z][a-z0-9-]{1,62}\Z")


def parse_key(text: str) -> Key:
    """
    A network (or one address), the number of `AS64500`, or a domain.

    @raise ValueError: with a sentence for the operator.
    """
    match = _AS.match(text)
    if match:
        return int(match[1])
    try:
        return ip_network(text)
    except ValueError:
        pass
    domain = text.lower().rstrip(".")
    if _DOMAIN.match(domain):
        return domain
    raise ValueError(f"{text!r} is not an address or network, AS number or domain")


@frozen
class _Table:
    networks: NetworkTable[Contact]
    numbers: dict[int, Contact]
    domains: dict[str, Contact]


class Overrides:
    """
    By network, then by the validated reverse name of an address, then by its AS.
    Names and ASes are looked up only if the operator lists one.

    @param zone: where ASes are looked up.
    """

    def __init__(
        self, overrides: Mapping[str, str], resolver: RecordResolver, zone: str
    ) -> None:
        self._table = _table(overrides)
        self._resolver, self._zone = resolver, zone

    def of_network(self, ip: IPAddress) -> Contact | None:
        """What needs no lookup: the smallest network."""
        return self._table.networks.longest(ip)

    async def find(self, ip: IPAddress) -> Contact | None:
        """
        The contact for an address; None if the operator names none, or nobody can
        tell now whether it is one of those.
        """
        return (
            self.of_network(ip)
            or (self._table.domains and await self._of_name(ip))
            or (self._table.numbers and await self._of_number(ip))
            or None
        )

    async def _of_name(self, ip: IPAddress) -> Contact | None:
        try:
            names = await self._resolver.ptr(ip)
        except ResolveError:
            return None
        found = (_within(name, self._table.domains) for name in names)
        return next((contact for contact in found if contact), None)

    async def _of_number(self, ip: IPAddress) -> Contact | None:
        try:
            told = await origin(self._resolver, self._zone, ip)
        except ResolveError:
            return None
        found = (self._table.numbers.get(number) for number in told.numbers)
        return next((contact for contact in found if contact), None)


def _table(overrides: Mapping[str, str]) -> _Table:
    table = _Table(NetworkTable(), {}, {})
    for text, address in overrides.items():
        key = parse_key(text)
        contact = Contact(address, "override", f"set by the operator for {text}")
        if isinstance(key, int):
            table.numbers[key] = contact
        elif isinstance(key, str):
            table.domains[key] = contact
        else:
            named = Contact(address, "override", "set by the operator", key)
            table.networks.put(key, named)
    return table


def _within(name: str, domains: Mapping[str, Contact]) -> Contact | None:
    """The smallest of the domains that a name lies in."""
    labels = name.split(".")
    tails = (".".join(labels[at:]) for at in range(len(labels)))
    return next((domains[tail] for tail in tails if tail in domains), None)
