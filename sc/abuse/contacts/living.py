"""A contact that is not dead: the desk that was chosen, else the next best one."""

from collections.abc import Mapping

from attrs import evolve, frozen

from sc.abuse.bounces.desks import Desk, Desks
from sc.abuse.contacts.finder import ContactError
from sc.abuse.contacts.lookup import Finder
from sc.abuse.contacts.mailbox import Rank
from sc.abuse.contacts.sources.source import Finding, Source
from sc.model.complaint import Contact
from sc.model.envelope import IPAddress


@frozen
class LivingSource:
    """A source without the mailboxes that turned out dead."""

    source: Source
    desks: Desks

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def best(self) -> Rank:
        return self.source.best

    async def find(self, ip: IPAddress) -> Finding:
        finding = await self.source.find(ip)
        dead = await self.desks.dead([m.address for m in finding.mailboxes])
        living = [m for m in finding.mailboxes if m.address.lower() not in dead]
        return evolve(finding, mailboxes=tuple(living))


@frozen
class LivingFinder:
    """
    @ivar finder: chooses without knowing who is dead; its choice holds for all.
    @ivar beyond: asks every source for the living, and keeps what it finds apart.
    """

    finder: Finder
    beyond: Finder
    desks: Desks

    async def find(self, ip: IPAddress) -> Contact:
        """
        The desk, with a note if it is not the one that was chosen first. If nobody is
        alive it is the dead one.

        @raise ContactError: there is none.
        """
        contact = await self.finder.find(ip)
        dead = await self._dead(contact)
        desk = dead.get(contact.address.lower())
        other = await self._other(ip, contact, dead) if desk else None
        if desk is None or other is None:
            return contact
        return evolve(
            other,
            reason=f"{other.reason}; instead of {contact.address}",
            note=f"{desk.obituary}: {other.address} is written to instead",
        )

    async def _other(
        self, ip: IPAddress, contact: Contact, dead: Mapping[str, Desk]
    ) -> Contact | None:
        """The best of those who were named beside it, then of who else can be found."""
        if contact.source == "override":
            return None  # the operator says who, and will see that nobody is there
        living = [a for a in contact.alternatives if a.lower() not in dead]
        if living:
            return evolve(
                contact,
                address=living[0],
                reason="the next best mailbox",
                alternatives=tuple(living[1:]),
            )
        try:
            other = await self.beyond.find(ip)
        except ContactError:
            return None
        # It may have died after it was found.
        return None if other.address.lower() in await self._dead(other) else other

    async def _dead(self, contact: Contact) -> Mapping[str, Desk]:
        return await self.desks.dead([contact.address, *contact.alternatives])
