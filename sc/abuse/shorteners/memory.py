"""Where short links led, for a while; losable."""

from collections import OrderedDict

from attrs import define, field, frozen
from twisted.internet.interfaces import IReactorTime

from sc.content.urls import Url


@frozen
class Led:
    """
    What a shortener said about one link.

    @ivar target: None if it led nowhere; `problem` then says why.
    """

    target: Url | None
    problem: str = ""


@define(eq=False)
class RedirectMemory:
    """@ivar size: links; the one used least recently is forgotten first."""

    _clock: IReactorTime
    size: int = 10_000
    _known: OrderedDict[str, tuple[float, Led]] = field(factory=OrderedDict)

    def get(self, link: str) -> Led | None:
        expires, led = self._known.get(link, (0.0, None))
        if led is None or expires <= self._clock.seconds():
            return None
        self._known.move_to_end(link)
        return led

    def put(self, link: str, led: Led, seconds: float) -> None:
        self._known[link] = (self._clock.seconds() + seconds, led)
        self._known.move_to_end(link)
        while len(self._known) > self.size:
            self._known.popitem(last=False)
