"""The fake internet of the README: names, networks and desks that belong together."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from sc.abuse.contacts.bootstrap import Bootstrap
from sc.abuse.contacts.build import Outside, build_finder
from sc.abuse.contacts.finder import ContactError, ContactSettings
from sc.net.fetcher import FetcherSettings, GuardedFetcher
from sc.net.resolver import Destinations, DNSResolver, ResolverSettings
from sc.net.whois import GuardedWhois
from tests.fakes.contacts import Steady

REACTOR = cast(IReactorTime, reactor)
ROOT = Path(__file__).resolve().parents[3]


class Internet(ProcessProtocol):
    """The program as a person starts it."""

    def __init__(self) -> None:
        self.said = b""
        self.ready: Deferred[None] = Deferred()
        self.ended: Deferred[None] = Deferred()

    def outReceived(self, data: bytes) -> None:
        self.said += data
        if b"\n" in self.said and not self.ready.called:
            self.ready.callback(None)

    def processEnded(self, reason: Failure) -> None:
        if not self.ready.called:
            self.ready.errback(reason)
        self.ended.callback(None)


@asynccontextmanager
async def internet_runs() -> AsyncIterator[tuple[str, str]]:
    """Where the fake internet listens: (DNS server, RDAP base)."""
    internet = Internet()
    argv = [sys.executable, "-m", "tests.fakes.internet"]
    process = cast(Any, reactor).spawnProcess(
        internet, argv[0], argv, env=None, path=str(ROOT)
    )
    try:
        await internet.ready
        word, _, dns, _, base = internet.said.decode().split()
        assert word == "ready:"
        yield dns, base
    finally:
        process.signalProcess("KILL")
        await internet.ended


async def test_names_lead_to_desks() -> None:
    """The host of the example's link and its relay have the desks of the README."""
    async with internet_runs() as (dns, base):
        await _names_lead_to_desks(dns, base)


async def _names_lead_to_desks(dns: str, base: str) -> None:
    resolver = DNSResolver(ResolverSettings((dns,)), REACTOR)
    fetcher = GuardedFetcher(REACTOR, resolver, FetcherSettings(Destinations.ANY))
    outside = Outside(
        hops=fetcher,
        resolver=resolver,
        whois=GuardedWhois(REACTOR, resolver, Destinations.ANY),
        clock=REACTOR,
        random=Steady(),
        bootstrap=Bootstrap.shipped(),
    )
    finder = build_finder(ContactSettings(rdap_bases={"*": base}), outside)
    desks = {}
    for host in ("www.spamvertised.example", "relay.transit.example", "six.example"):
        (ip,) = await resolver.addresses(host)
        desks[str(ip)] = (await finder.find(ip)).address
    assert desks == {
        "203.0.113.80": "abuse@hosting.example",
        "198.51.100.7": "abuse@transit.example",
        "2001:db8:6::80": "abuse@six.example",
    }
    (silent,) = await resolver.addresses("silent.example")
    with pytest.raises(ContactError, match="lacnic names no mailbox"):
        await finder.find(silent)
