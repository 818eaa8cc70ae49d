"""Wakes whoever waits for a change, and never lets a change between two looks slip."""

from contextlib import suppress

from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime


class Bell:
    """@ivar rings: how often it has rung; remember it before you look."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._waiting: list[Deferred[None]] = []
        self.rings = 0

    def ring(self) -> None:
        self.rings += 1
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.callback(None)

    async def heard(self, since: int, timeout: float) -> None:
        """Return at the first ring after the `since`th, or after `timeout` seconds."""
        if self.rings != since:
            return
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        waiting.addTimeout(timeout, self._clock)
        try:
            with suppress(defer.TimeoutError):
                await waiting
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
