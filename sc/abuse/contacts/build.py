"""The finder as the operator wants it: which sources, in which order, from where."""

from collections.abc import Callable
from random import Random

from attrs import frozen
from twisted.internet.interfaces import IReactorTime

from sc.abuse.bounces.desks import Desks
from sc.abuse.contacts.bootstrap import Bootstrap
from sc.abuse.contacts.finder import ContactFinder
from sc.abuse.contacts.living import LivingFinder, LivingSource
from sc.abuse.contacts.memory import ContactMemory
from sc.abuse.contacts.overrides import Overrides
from sc.abuse.contacts.pace import Standings
from sc.abuse.contacts.registries import Registries
from sc.abuse.contacts.settings import ContactSettings, SourceName
from sc.abuse.contacts.sources.abusix import Abusix
from sc.abuse.contacts.sources.arin import ARIN
from sc.abuse.contacts.sources.autnum import Autnum
from sc.abuse.contacts.sources.rdap import RDAP
from sc.abuse.contacts.sources.rdns import ReverseName
from sc.abuse.contacts.sources.ripestat import RIPEstat
from sc.abuse.contacts.sources.source import Source
from sc.abuse.contacts.sources.whois import WhoisSource
from sc.model.complaint import IPNetwork
from sc.net.fetcher import Hops
from sc.net.resolver import RecordResolver
from sc.net.whois import Whois
from sc.store.memory_cache import MemoryCache


@frozen
class Outside:
    """What sources need of the world."""

    hops: Hops
    resolver: RecordResolver
    whois: Whois
    clock: IReactorTime
    random: Random
    bootstrap: Bootstrap


def build_finder(
    settings: ContactSettings,
    outside: Outside,
    own: tuple[IPNetwork, ...] = (),
    memory: ContactMemory | None = None,
) -> ContactFinder:
    """
    @param own: the operator's networks.
    @param memory: of the finder that this one replaces; it adopts the settings.
    """
    if memory is None:
        memory = new_memory(settings, outside)
    memory.adopt(settings)
    return ContactFinder(
        _sources(settings, outside, memory.standings),
        Overrides(settings.overrides, outside.resolver, settings.origin_zone),
        outside.clock,
        settings,
        memory.known,
        own,
    )


def build_living_finder(
    settings: ContactSettings,
    outside: Outside,
    own: tuple[IPNetwork, ...],
    memory: ContactMemory,
    desks: Desks,
) -> LivingFinder:
    """The same, with somebody else in the place of those who are dead."""
    finder = build_finder(settings, outside, own, memory)
    beyond = ContactFinder(
        [LivingSource(s, desks) for s in _sources(settings, outside, memory.standings)],
        Overrides({}, outside.resolver, settings.origin_zone),
        outside.clock,
        settings,
        # What is known of the living must not be taken for who the network names.
        new_memory(settings, outside).known,
        own,
    )
    return LivingFinder(finder, beyond, desks)


def new_memory(settings: ContactSettings, outside: Outside) -> ContactMemory:
    """One that nobody shares."""
    cache = MemoryCache(outside.clock)
    return ContactMemory(settings, cache, outside.clock, outside.random)


def _sources(
    settings: ContactSettings, outside: Outside, standings: Standings
) -> list[Source]:
    registries = Registries(outside.hops, standings)
    resolver, bootstrap, bases = (
        outside.resolver,
        outside.bootstrap,
        settings.rdap_bases,
    )
    zone = settings.origin_zone
    builders: dict[SourceName, Callable[[], Source]] = {
        SourceName.RDAP: lambda: RDAP(registries, bootstrap, bases),
        SourceName.ARIN: lambda: ARIN(registries, bootstrap, settings.arin_base),
        SourceName.ABUSIX: lambda: Abusix(resolver, settings.abusix_zone),
        SourceName.RIPESTAT: lambda: RIPEstat(registries, settings.ripestat_base),
        SourceName.WHOIS: lambda: WhoisSource(
            outside.whois, standings, bootstrap, settings.whois_servers
        ),
        SourceName.AUTNUM: lambda: Autnum(resolver, registries, bootstrap, bases, zone),
        SourceName.RDNS: lambda: ReverseName(resolver),
    }
    return [builders[name]() for name in settings.sources]
