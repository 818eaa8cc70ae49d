"""The guarded agent by itself: what other clients of ours will build on."""

from ipaddress import ip_address
from typing import cast

import pytest
import treq
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock
from twisted.web.client import BrowserLikePolicyForHTTPS
from twisted.web.iweb import IAgent
from zope.interface.verify import verifyObject

from sc.model.envelope import IPAddress
from sc.net.agent import Guard, GuardedAgent, RefusedError
from sc.net.fetcher import FetchError, FetcherSettings, GuardedFetcher
from sc.net.resolver import Destinations
from tests.fakes.web import http, serving_web
from tests.unit.net.test_fetcher import JSON, LOCAL, Names

REACTOR = cast(IReactorTime, reactor)


def agent(allowance: int = 10_000) -> GuardedAgent:
    policy = BrowserLikePolicyForHTTPS()
    guard = Guard(REACTOR, Names(LOCAL), Destinations.ANY, (), policy, 2.0)
    return GuardedAgent(guard, allowance)


def test_interface() -> None:
    """It is an agent as Twisted and treq know it."""
    assert verifyObject(IAgent, agent())


async def test_request() -> None:
    """It fetches without being told any field."""
    guarded = agent()
    async with serving_web(lambda _: http(200, b"body")) as web:
        response = await guarded.request(b"GET", web.base.encode())
        body = await treq.content(response)
        await guarded.close()
    assert body == b"body"
    assert not guarded.exceeded


async def test_close_ends_what_is_open() -> None:
    """A body that nobody reads ends with the agent."""
    guarded = agent()
    endless = http(200, b"x", {"Content-Length": "9999"})
    async with serving_web(lambda _: endless) as web:
        await guarded.request(b"GET", web.base.encode())
        await guarded.close()


async def test_scheme() -> None:
    """Only http and https are spoken."""
    with pytest.raises(RefusedError, match="neither http nor https"):
        await agent().request(b"GET", b"ftp://web.example/")


class Silent:
    """A resolver that never answers."""

    async def addresses(self, host: str) -> tuple[IPAddress, ...]:
        return await Deferred()


async def test_deadline_holds_while_names_are_resolved() -> None:
    """The time for a fetch includes DNS."""
    clock = Clock()
    fetcher = GuardedFetcher(clock, Silent(), FetcherSettings(timeout=7.0))
    work = Deferred.fromCoroutine(fetcher.get("http://web.example/", JSON, 100))
    clock.advance(7.0)
    with pytest.raises(FetchError, match=r"web\.example did not answer in 7 s"):
        await work


class Unreachable:
    """A resolver that names an address from which no answer can come."""

    async def addresses(self, host: str) -> tuple[IPAddress, ...]:
        return (ip_address("192.0.2.1"),)


async def test_leaving_while_connecting() -> None:
    """One who leaves before the connection stands leaves none behind."""
    settings = FetcherSettings(Destinations.ANY)
    fetcher = GuardedFetcher(REACTOR, Unreachable(), settings)
    work = Deferred.fromCoroutine(fetcher.get("http://web.example/", JSON, 100))
    work.cancel()
    with pytest.raises(CancelledError):
        await work
    turn: Deferred[None] = Deferred()
    REACTOR.callLater(0, turn.callback, None)
    await turn  # Twisted closes the socket in the next turn.
