"""Whom we ask on the internet, and how: registries, name servers, shorteners."""

from attrs import evolve

import sc
from sc.abuse.contacts.bootstrap_files import Refresh
from sc.abuse.contacts.build import Outside, build_living_finder
from sc.abuse.contacts.living import LivingFinder
from sc.abuse.contacts.settings import ContactSettings
from sc.abuse.shorteners.expansion import HOP_TIMEOUT, USER_AGENT, build_expander
from sc.abuse.shorteners.following import Shorteners, hosts_to_follow
from sc.config.schema import Config
from sc.net.fetcher import FetcherSettings, GuardedFetcher
from sc.net.whois import GuardedWhois
from sc.service.grounds import Grounds

SOFTWARE = f"sc/{sc.__version__}"


def fetching(config: Config) -> FetcherSettings:
    """Where we go at all."""
    # Registries ask for a contact in the name of a program that asks them much.
    address = config.abuse_report.address
    contact = f" (+{address})" if address else ""
    own = config.policy.local_networks + config.trusted_boundary.cidrs
    return FetcherSettings(
        config.resolver.destinations, user_agent=SOFTWARE + contact, forbidden=own
    )


def build_finder(config: Config, grounds: Grounds) -> LivingFinder:
    """Who knows the desk of an address."""
    base, where = grounds.base, fetching(config)
    clock, resolver = base.around.reactor, grounds.resolver
    outside = Outside(
        hops=GuardedFetcher(clock, resolver, where),
        resolver=resolver,
        whois=GuardedWhois(clock, resolver, where.destinations, where.forbidden),
        clock=clock,
        random=base.around.random,
        bootstrap=grounds.files.bootstrap,
    )
    contacts = evolve(config.contacts, ttl=config.cache.expiration_time)
    own = config.policy.local_networks
    return build_living_finder(contacts, outside, own, grounds.memory, base.desks)


def build_shorteners(config: Config, grounds: Grounds) -> Shorteners:
    """They are told nothing of us: their links' owners see who asks."""
    base, clock = grounds.base, grounds.base.around.reactor
    asking = evolve(
        fetching(config),
        user_agent=USER_AGENT,
        timeout=HOP_TIMEOUT,
        connect_timeout=2.0,
    )
    web = GuardedFetcher(clock, grounds.resolver, asking)
    hosts = hosts_to_follow(config.url_shorteners_to_follow)
    expander = build_expander(web, hosts, clock, base.around.random)
    return Shorteners(expander, config.shorteners, base.offload, clock)


def refresh(settings: ContactSettings) -> Refresh:
    """How the lists of registries are renewed."""
    return Refresh(settings.bootstrap_base, settings.bootstrap_refresh)
