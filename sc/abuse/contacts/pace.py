"""How often a server is asked, how much at once, and that it is left alone when ill."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from attrs import define, evolve, field, frozen
from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from sc.abuse.contacts.sources.source import SourceError

IN_FLIGHT = 2
PATIENCE = 3
"""Failures in a row after which a server is left alone."""

FIRST_PAUSE, LONGEST_PAUSE = 60.0, 3600.0
JITTER = 0.25
"""Of a pause, added by chance: many of us do not come back at the same moment."""

_SLOW = {"lacnic": 6.0}
"""Times slower than the others: what its RDAP server lets a client ask."""


@frozen
class Rates:
    """@ivar rate: lookups a second. @ivar burst: that may be made at once."""

    rate: float
    burst: int
    max_wait: float


@define
class Pace:
    """A token bucket whose tokens are reserved: who comes later waits longer."""

    clock: IReactorTime
    rate: float
    burst: int
    _tokens: float = field(init=False)
    _since: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._tokens, self._since = float(self.burst), self.clock.seconds()

    def reserve(self, max_wait: float) -> float:
        """
        Take a token; return the seconds until it may be used.

        @raise SourceError: more than `max_wait`.
        """
        now = self.clock.seconds()
        earned = max(0.0, now - self._since) * self.rate  # A clock may jump back.
        self._tokens, self._since = min(self._tokens + earned, self.burst), now
        wait = max(0.0, 1.0 - self._tokens) / self.rate
        if wait > max_wait:
            raise SourceError("too many lookups are waiting")
        self._tokens -= 1.0
        return wait


@frozen
class Keeping:
    """What every server's standing needs."""

    clock: IReactorTime
    random: Random
    rates: Rates


class Standing:
    """One server: its pace, and whether it is up."""

    _log = Logger()

    def __init__(self, name: str, keeping: Keeping) -> None:
        self.name = name
        self._clock, self._random = keeping.clock, keeping.random
        self._slowness = _SLOW.get(name, 1.0)
        self.adopt(keeping.rates)
        self._flights = DeferredSemaphore(IN_FLIGHT)
        self._failures = 0
        self._pause = FIRST_PAUSE
        self._closed_until = self._closed_for = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """
        For one question.

        @raise SourceError: we are not to ask now.
        """
        await self._flights.acquire()
        try:
            self._check_open()
            await self._sleep(self._pace.reserve(self._max_wait))
            self._check_open()
            yield
        finally:
            self._flights.release()

    def adopt(self, rates: Rates) -> None:
        """Another pace from now on."""
        self._max_wait = rates.max_wait
        self._pace = Pace(self._clock, rates.rate / self._slowness, rates.burst)

    def well(self) -> None:
        """It answered as it should."""
        self._failures, self._pause = 0, FIRST_PAUSE

    def ill(self, problem: str) -> None:
        """It did not; after some of these it is left alone."""
        self._failures += 1
        if self._failures >= PATIENCE:
            self.later(problem, None)

    def later(self, problem: str, seconds: float | None) -> None:
        """Leave it alone, for as long as it says or for our own pause."""
        if seconds is None:
            seconds = self._pause * (1.0 + JITTER * self._random.random())
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self._closed_until, self._closed_for = self._clock.seconds() + seconds, seconds
        self._log.warn(
            "{name} is left alone for {seconds:.0f} s: {problem}",
            name=self.name,
            seconds=seconds,
            problem=problem,
        )

    def _check_open(self) -> None:
        left = self._closed_until - self._clock.seconds()
        if 0 < left <= self._closed_for:  # More: the clock was set back.
            raise SourceError(f"{self.name} is not asked for another {left:.0f} s")

    async def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            awake: Deferred[None] = Deferred(lambda _: call.cancel())
            call = self._clock.callLater(seconds, awake.callback, None)
            await awake


@define(eq=False)
class Standings:
    """
    Those of all servers; an answer may lead to any, so the oldest are forgotten.
    """

    _keeping: Keeping
    _by_name: dict[str, Standing] = field(factory=dict)

    def of(self, name: str) -> Standing:
        """The server's own, moved to the end of those that may be forgotten."""
        found = self._by_name.pop(name, None) or Standing(name, self._keeping)
        self._by_name[name] = found
        if len(self._by_name) > MAX_SERVERS:
            del self._by_name[next(iter(self._by_name))]
        return found

    def adopt(self, rates: Rates) -> None:
        """Another pace for all; who is left alone stays so."""
        if rates == self._keeping.rates:
            return
        self._keeping = evolve(self._keeping, rates=rates)
        for standing in self._by_name.values():
            standing.adopt(rates)


MAX_SERVERS = 200
"""Servers that are remembered; five registries, their members, and who is named."""
