"""Shorteners without a network: what each short link answers, by its URL."""

from collections.abc import Iterable
from random import Random
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from sc.abuse.shorteners.expansion import Expander, build_expander
from sc.abuse.shorteners.following import Shorteners, ShortenerSettings
from sc.content.shorteners import KNOWN
from sc.net.fetcher import Fetched, FetchError


@define
class FakeWeb:
    """
    @ivar answers: where a URL redirects to, its status, an error, or a Deferred for
        one that is late; what is not there cannot be reached.
    @ivar asked: every URL, in order.
    """

    answers: dict[str, Any] = field(factory=dict)
    asked: list[str] = field(factory=list)
    at_once: int = 0
    most: int = 0

    async def glance(self, url: str) -> Fetched:
        self.asked.append(url)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            answer = self.answers.get(url, FetchError(f"{url} cannot be reached"))
            if isinstance(answer, Deferred):
                answer = await answer
        finally:
            self.at_once -= 1
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Fetched):
            return answer
        if isinstance(answer, int):
            return Fetched(answer, {}, b"", url)
        return Fetched(301, {"location": answer}, b"", url)


def expander(
    web: FakeWeb, clock: IReactorTime, hosts: Iterable[str] = KNOWN
) -> Expander:
    return build_expander(web, frozenset(hosts), clock, Random(1))


def shorteners(
    web: FakeWeb, clock: IReactorTime, offload: Any, **settings: bool
) -> Shorteners:
    chosen = ShortenerSettings(**settings)
    return Shorteners(expander(web, clock), chosen, offload, clock)
