"""The abuse desk of the AS that announces an address, from RDAP."""

from collections.abc import Mapping

from attrs import evolve, frozen

from sc.abuse.contacts.bootstrap import Bootstrap, Registry, rebased
from sc.abuse.contacts.mailbox import Rank
from sc.abuse.contacts.origins import Origin, origin
from sc.abuse.contacts.rdap import AUTNUM
from sc.abuse.contacts.registries import Registries
from sc.abuse.contacts.sources.rdap import finding, read
from sc.abuse.contacts.sources.source import Finding, SourceError
from sc.model.envelope import IPAddress
from sc.net.resolver import RecordResolver, ResolveError


@frozen
class Autnum:
    """
    @ivar zone: where it is looked up who announces an address.
    """

    resolver: RecordResolver
    registries: Registries
    bootstrap: Bootstrap
    bases: Mapping[str, str]
    zone: str
    name: str = "autnum"
    best: Rank = Rank.ORIGIN

    async def find(self, ip: IPAddress) -> Finding:
        """See `Source.find`; of several ASes, the first."""
        try:
            told = await origin(self.resolver, self.zone, ip)
        except ResolveError as e:
            raise SourceError(str(e)) from None
        registry = self._registry(told)
        if registry is None:
            return Finding("autnum", problem="no known AS announces it")
        url = f"{registry.base}autnum/{told.numbers[0]}"
        answer = await self.registries.get(url, registry.name)
        server = f"{answer.server}, AS{told.numbers[0]}"
        if answer.fetched.status == 404:
            return Finding(server, problem=f"{server} is not registered")
        found = finding(server, await read(self.registries, answer, AUTNUM))
        desks = [m for m in found.mailboxes if m.rank.is_desk]
        # Its technical contact runs a network, and is nobody's abuse desk.
        mailboxes = tuple(evolve(m, rank=Rank.ORIGIN) for m in desks)
        problem = found.problem or (not desks and f"{server} names no abuse desk") or ""
        return Finding(server, mailboxes, problem=problem)

    def _registry(self, told: Origin) -> Registry | None:
        """From IANA's list if we have it; else who gave out the network."""
        if not told.numbers:
            return None
        known = self.bootstrap.autnum(told.numbers[0])
        known = known or self.bootstrap.named(told.registry)
        return known and rebased(known, self.bases)
