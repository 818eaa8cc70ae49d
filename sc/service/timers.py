"""Timers that keep their time when the clock is set back.

Twisted's timers are due at a time of the wall clock. Where that is set back by an hour
(a machine without a battery, a virtual one that was restored, a person), each would be
an hour late: deadlines, retries, probes. The reactor sleeps until the first of them, so
a thread looks.
"""

import time
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Protocol

from attrs import define, field
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

LOOK = 1.0
"""Seconds between two looks at the clock."""

STEP = 2.0
"""Seconds; a clock that is nudged by less disturbs nobody."""


class TimedReactor(Protocol):
    """What is needed of `IReactorTime` and `IReactorFromThreads`."""

    def seconds(self) -> float: ...

    def getDelayedCalls(self) -> Sequence[IDelayedCall]: ...

    def callFromThread(self, work: Callable[..., object], *args: object) -> None: ...


@define(eq=False)
class SteadyTimers:
    """@ivar steady: seconds of a clock that nobody sets."""

    _reactor: TimedReactor
    _steady: Callable[[], float] = time.monotonic
    _look: float = LOOK
    _log: Logger = field(factory=Logger)
    _ended: Event = field(factory=Event)
    _thread: Thread | None = None

    def start(self) -> None:
        # It must not keep a process alive that ends without `stop`.
        self._thread = Thread(target=self._watch, name="sc.timers", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        wall, steady = self._reactor.seconds(), self._steady()
        while not self._ended.wait(self._look):
            before, passed = wall, steady
            wall, steady = self._reactor.seconds(), self._steady()
            step = (wall - before) - (steady - passed)
            if abs(step) > STEP:
                self._reactor.callFromThread(self.adjust, before, step)

    def adjust(self, before: float, step: float) -> None:
        """
        After a step back let older timers be due by as much earlier. One forward has
        ended them: what was waited for then counts as late.

        @param before: the time when the step had not happened; what is due earlier
            was begun after it.
        """
        self._log.warn("the clock was set by {step:+.0f} s", step=step)
        if step > 0:
            return
        for call in self._reactor.getDelayedCalls():
            if call.getTime() >= before:
                call.delay(step)
