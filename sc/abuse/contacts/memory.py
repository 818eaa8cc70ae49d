"""What outlives the finder at a reload: what is known, and how the servers stand."""

from hashlib import sha256
from random import Random

from twisted.internet.interfaces import IReactorTime

from sc.abuse.contacts.cache import ContactCache
from sc.abuse.contacts.pace import Keeping, Rates, Standings
from sc.abuse.contacts.settings import ContactSettings
from sc.store.cache import Cache

FORMAT = 1
"""Of the records; a change makes the old ones unknown."""


class ContactMemory:
    """
    @ivar known: contacts, of the sources that are configured now.
    @ivar standings: of the servers that are asked.
    """

    def __init__(
        self,
        settings: ContactSettings,
        cache: Cache,
        clock: IReactorTime,
        random: Random,
    ) -> None:
        self._cache = cache
        self.known = ContactCache(settings.cache_size, cache, realm(settings))
        self.standings = Standings(Keeping(clock, random, _rates(settings)))

    def adopt(self, settings: ContactSettings) -> None:
        """Keep what new settings do not make wrong."""
        self.standings.adopt(_rates(settings))
        self.known.size = settings.cache_size
        if self.known.realm != realm(settings):
            self.known = ContactCache(settings.cache_size, self._cache, realm(settings))


def realm(settings: ContactSettings) -> str:
    """Who is asked, and where: others may answer something else."""
    asked = (
        FORMAT,
        [source.value for source in settings.sources],
        sorted(settings.rdap_bases.items()),
        settings.arin_base,
        settings.abusix_zone,
        settings.ripestat_base,
        sorted(settings.whois_servers.items()),
        settings.origin_zone,
    )
    return sha256(repr(asked).encode()).hexdigest()[:16]


def _rates(settings: ContactSettings) -> Rates:
    return Rates(settings.rate, settings.burst, settings.max_wait)
