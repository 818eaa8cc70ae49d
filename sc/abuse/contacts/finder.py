"""Find the abuse desk of the network that an address belongs to."""

from collections.abc import Sequence

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeadlineError
from twisted.internet.interfaces import IReactorTime

from sc.abuse.contacts.cache import ContactCache
from sc.abuse.contacts.overrides import Overrides
from sc.abuse.contacts.ranges import is_inner, remembered, widest
from sc.abuse.contacts.record import Known
from sc.abuse.contacts.search import Search
from sc.abuse.contacts.settings import ContactSettings
from sc.abuse.contacts.sources.source import Source, SourceError
from sc.content.addresses import unmapped
from sc.model.complaint import Contact, IPNetwork
from sc.model.envelope import IPAddress
from sc.net.sharing import Sharing

__all__ = ["ContactError", "ContactFinder", "ContactSettings"]

_HOUR = 3600.0


class ContactError(Exception):
    """
    No contact for this address; the text says for which, and why.

    @ivar form: a web page where the network takes reports, or "".
    """

    def __init__(self, text: str, form: str = "") -> None:
        super().__init__(text)
        self.form = form


class ContactFinder:
    """
    Overrides, then what is known, then the sources in turn, one lookup a range.

    @param own: the operator's networks: nobody is asked or told about them.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        overrides: Overrides,
        clock: IReactorTime,
        settings: ContactSettings,
        cache: ContactCache,
        own: tuple[IPNetwork, ...] = (),
    ) -> None:
        self._sources = sources
        self._overrides = overrides
        self._clock = clock
        self._settings = settings
        self._own = own
        self._cache = cache
        self._looking: Sharing[IPNetwork, Known] = Sharing()

    async def find(self, ip: IPAddress) -> Contact:
        """
        The abuse desk for an address.

        @raise ContactError: there is none, or nobody could tell in time.
        """
        ip = unmapped(ip)
        if any(ip in network for network in self._own):
            raise ContactError(f"no contact for {ip}: it is in our own networks")
        seconds = self._settings.timeout
        work = Deferred.fromCoroutine(self._find(ip))
        try:
            found = await work.addTimeout(seconds, self._clock)
        except DeadlineError:
            raise ContactError(f"no contact for {ip} within {seconds:g} s") from None
        if isinstance(found, Contact):
            return found
        if found.contact is not None:
            return found.contact
        if found.form:
            raise ContactError(f"{ip}: reports are taken at {found.form}", found.form)
        raise ContactError(f"no contact for {ip}: {found.problem}")

    async def _find(self, ip: IPAddress) -> Contact | Known:
        override = await self._overrides.find(ip)
        return await self._known(ip) if override is None else override

    async def _known(self, ip: IPAddress) -> Known:
        known = self._cache.fresh(ip, self._clock.seconds())
        while known is None:
            # Whoever else asks about this part of the address space waits: the
            # answer may be for a range that holds their address too.
            told = await self._looking.get(widest(ip), lambda: self._look_up(ip))
            if any(ip in network for network in told.networks):
                return told
            known = self._cache.fresh(ip, self._clock.seconds())
        return known

    async def _look_up(self, ip: IPAddress) -> Known:
        if is_inner(ip):
            return self._expiring(Search(ip), "it is no address of the public internet")
        # Another node may have asked before, or we before the last restart.
        await self._cache.recall(ip, self._clock.seconds())
        known = self._cache.fresh(ip, self._clock.seconds())
        if known is None:
            known = await self._search(ip)
            await self._cache.put(known, self._keep(known))
        return known

    def _keep(self, known: Known) -> float:
        """Seconds for which it may be of use."""
        until = known.expires
        if known.contact is not None:
            until = max(until, known.learnt + self._settings.stale)
        return until - self._clock.seconds()

    async def _search(self, ip: IPAddress) -> Known:
        search = Search(ip)
        for source in self._sources:
            if not search.worth(source):
                continue
            try:
                search.add(source, await source.find(ip))
            except SourceError as e:
                old = self._old(ip, str(e))
                if old is not None:
                    return old
                search.failed.append(str(e))
            if search.settled:
                break
        return self._expiring(search)

    def _expiring(self, search: Search, problem: str = "") -> Known:
        """What was found, and for how long it holds."""
        s, contact, now = self._settings, search.contact(), self._clock.seconds()
        if search.failed:
            # Who could not be asked may know better: not a day.
            ttl = s.failure_ttl if contact is None else min(s.ttl, s.negative_ttl)
        else:
            ttl = s.negative_ttl if contact is None and not search.form else s.ttl
        return Known(
            remembered(search.ip, search.networks),
            contact,
            now,
            now + ttl,
            problem or search.problem,
            search.form,
            lasting=contact is not None or not search.failed,
        )

    def _old(self, ip: IPAddress, problem: str) -> Known | None:
        """An old answer, if there is one; the next try is due soon."""
        now = self._clock.seconds()
        old = self._cache.stale(ip, now - self._settings.stale)
        if old is None or old.contact is None:
            return None
        hours = (now - old.learnt) / _HOUR
        reason = old.contact.reason.partition(" (learnt ")[0]
        reason += f" (learnt {hours:.0f} h ago; now {problem})"
        return evolve(
            old,
            contact=evolve(old.contact, reason=reason),
            expires=now + self._settings.failure_ttl,
            lasting=False,
        )
