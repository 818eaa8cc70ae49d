"""How late the event loop comes to its timers: what held it held every client."""

import time
from collections.abc import Callable

from attrs import define, field
from twisted.internet.interfaces import IDelayedCall, IReactorTime

INTERVAL = 1.0
"""Seconds between two looks."""


@define(eq=False)
class LoopDelay:
    """
    @ivar observe: told the seconds of each delay.
    @ivar steady: seconds of a clock that nobody sets.
    """

    _clock: IReactorTime
    _observe: Callable[[float], None]
    _steady: Callable[[], float] = time.monotonic
    _due: float = field(default=0.0, init=False)
    _call: IDelayedCall | None = field(default=None, init=False)

    def start(self) -> None:
        self._due = self._steady() + INTERVAL
        self._call = self._clock.callLater(INTERVAL, self._look)

    def stop(self) -> None:
        if self._call is not None and self._call.active():
            self._call.cancel()

    def _look(self) -> None:
        self._observe(max(0.0, self._steady() - self._due))
        self.start()
