"""Who must hear about an address, a network or a host: for people who ask by name."""

import re
from ipaddress import ip_address, ip_network

from attrs import frozen

from sc.abuse.contacts.finder import ContactError
from sc.abuse.contacts.lookup import MAX_IPS, Finder, all_of
from sc.model.complaint import Contact
from sc.model.envelope import IPAddress
from sc.net.resolver import ResolveError, Resolver

MAX_QUESTION = 255
"""Characters: a host's name has no more."""

_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.(?!-)[A-Za-z0-9_-]{1,63})+\.?")


class NoSuchHostError(Exception):
    """The question is no address, network or host that has one; the text says why."""


@frozen
class Answer:
    """
    @ivar problem: why there is no contact; "" if there is one.
    @ivar form: where the network takes reports, if it wants no mail.
    """

    ip: IPAddress
    contact: Contact | None = None
    problem: str = ""
    form: str = ""


@frozen
class Who:
    """Asks as a report would: the same sources, pace and memory."""

    _finder: Finder
    _resolver: Resolver

    async def tell(self, what: str) -> tuple[Answer, ...]:
        """
        One answer for each address; of a network, for its first.

        @raise NoSuchHostError: it is none of the three, or a host without an address.
        """
        ips = await self._addresses(what)
        told: dict[IPAddress, Answer] = {}
        await all_of([self._ask(ip, told) for ip in ips])
        return tuple(told[ip] for ip in ips)

    async def _ask(self, ip: IPAddress, told: dict[IPAddress, Answer]) -> None:
        try:
            told[ip] = Answer(ip, await self._finder.find(ip))
        except ContactError as e:
            told[ip] = Answer(ip, problem=str(e), form=e.form)

    async def _addresses(self, what: str) -> tuple[IPAddress, ...]:
        try:
            return (ip_address(what.strip("[]")),)
        except ValueError:
            pass
        try:
            return (ip_network(what, strict=False).network_address,)
        except ValueError:
            pass
        if len(what) > MAX_QUESTION or not _HOST.fullmatch(what):
            raise NoSuchHostError("that is no address, no network and no host")
        try:
            return (await self._resolver.addresses(what.lower()))[:MAX_IPS]
        except ResolveError as e:
            raise NoSuchHostError(str(e)) from e
