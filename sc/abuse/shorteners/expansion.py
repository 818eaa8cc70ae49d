"""Ask shorteners where a link leads, from one to the next.

Only they are asked: the host that the link leads to in the end never sees us.
"""

import re
from collections.abc import Callable
from random import Random

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IReactorTime

from sc.abuse.contacts.pace import Keeping, Rates, Standing, Standings
from sc.abuse.contacts.registries import retry_after
from sc.abuse.contacts.sources.source import SourceError
from sc.abuse.shorteners.memory import Led, RedirectMemory
from sc.content.addresses import is_public, parse
from sc.content.shorteners import is_short
from sc.content.unwrap import unwrap
from sc.content.urls import Url, canonical
from sc.net.fetcher import (
    MAX_REDIRECTS,
    Fetched,
    FetchError,
    ForbiddenError,
    Glances,
    location,
)
from sc.net.sharing import Sharing

RATES = Rates(rate=10.0, burst=50, max_wait=2.0)
"""Questions to one shortener, as many as a busy browser's."""

HOP_TIMEOUT = 3.0
"""Seconds for one answer."""

USER_AGENT = "curl/8.14.1"
"""
A program's, that many use: t.co answers browsers with a page that goes on by itself,
and only programs with a redirect.
"""

KEPT = 3600.0
"""Seconds for which an answer holds: owners change where a short link leads."""

FAILURE_KEPT = 300.0


class ExpandError(Exception):
    """It is not known where a link leads; the text says why."""


@frozen
class Expanded:
    """
    @ivar url: the first one that is no short link.
    @ivar chain: what led to it, outermost first.
    """

    url: Url
    chain: tuple[str, ...]


@define(eq=False)
class Expander:
    """
    @ivar hosts: whose links are short ones.
    """

    _web: Glances
    hosts: frozenset[str]
    _memory: RedirectMemory
    _standings: Standings
    _asking: Sharing[str, Led] = field(factory=Sharing)

    async def expand(self, link: Url, objection: Callable[[str], str]) -> Expanded:
        """
        @param objection: why a URL must not be asked for; "" if it may.
        @raise ExpandError: we do not know, or are not to ask.
        """
        url, asked = link, list[str]()
        chain: tuple[str, ...] = ()
        while is_short(url, self.hosts):
            question = _question(url, asked)
            if problem := objection(url.href):
                raise ExpandError(f"{url.host} is not asked: the link {problem}")
            asked.append(question)
            target = await self._target(question, url.host)
            inner = unwrap(target)
            if inner.url is None:
                raise ExpandError(f"{url.host} leads to a filter's link: {target.host}")
            chain = (*chain, url.href, *inner.chain)
            url = inner.url
        if (ip := parse(url.host)) and not is_public(ip):
            raise ExpandError(f"it leads to {ip}, which is not public")
        return Expanded(url, chain)

    async def _target(self, question: str, host: str) -> Url:
        led = self._memory.get(question)
        if led is None:
            led = await self._asking.get(question, lambda: self._ask(question, host))
        if led.target is None:
            raise ExpandError(led.problem)
        return led.target

    async def _ask(self, question: str, host: str) -> Led:
        try:
            led = await self._answer(self._standings.of(host), question)
        except SourceError as e:  # Not about this link: not to be remembered.
            return Led(None, str(e))
        self._memory.put(question, led, KEPT if led.target else FAILURE_KEPT)
        return led

    async def _answer(self, standing: Standing, question: str) -> Led:
        async with standing.turn():
            try:
                fetched = await self._web.glance(question)
            except CancelledError:
                raise
            except FetchError as e:
                if not isinstance(e, ForbiddenError):  # That is no sign of illness.
                    standing.ill(str(e))
                return Led(None, str(e))
        return _read(standing, fetched)


def _question(url: Url, asked: list[str]) -> str:
    """
    What is asked for: after an answer that nobody could forge none that somebody can.

    @raise ExpandError: it was asked before, or there were enough.
    """
    question = url.key
    if asked and asked[-1].startswith("https:"):
        question = re.sub("^http:", "https:", question)
    if question in asked:
        raise ExpandError(f"{url.host} redirects in a ring")
    if len(asked) == MAX_REDIRECTS:
        raise ExpandError(f"it redirects more than {MAX_REDIRECTS} times")
    return question


def _read(standing: Standing, fetched: Fetched) -> Led:
    status = fetched.status
    written = location(fetched)
    if written is not None:
        standing.well()
        target = canonical(written, fetched.url)
        problem = "" if target else f"{standing.name} redirects to what is no web page"
        return Led(target, problem)
    problem = f"{standing.name} answers HTTP {status} and redirects nowhere"
    if status in (429, 503):
        standing.later(problem, retry_after(fetched.headers))
    elif status >= 500:
        standing.ill(problem)
    else:
        standing.well()
    return Led(None, problem)


def build_expander(
    web: Glances, hosts: frozenset[str], clock: IReactorTime, random: Random
) -> Expander:
    standings = Standings(Keeping(clock, random, RATES))
    return Expander(web, hosts, RedirectMemory(clock), standings)
