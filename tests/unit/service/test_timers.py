"""sc.service.timers: what a clock that is set back does to timers."""

from collections.abc import Callable
from typing import Any, cast

from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Clock
from twisted.logger import LogEvent, Logger, formatEvent

from sc.service.timers import STEP, SteadyTimers
from tests.integration.daemon import PATIENCE

HOUR = 3600.0


class SetClock(Clock):
    """Its time can be set, as that of the wall can."""

    def callFromThread(self, work: Callable[..., object], *args: object) -> None:
        raise AssertionError("nobody watches")


def bench() -> tuple[SetClock, SteadyTimers, list[LogEvent], list[str]]:
    clock, rung = SetClock(), list[str]()
    events = list[LogEvent]()
    clock.advance(10 * HOUR)
    log = Logger(observer=events.append)  # type: ignore[arg-type]
    return clock, SteadyTimers(clock, log=log), events, rung


def test_on_time() -> None:
    """What was to be in ten seconds is in ten seconds, though it is an hour earlier."""
    clock, timers, events, rung = bench()
    clock.callLater(10, rung.append, "old")
    clock.rightNow -= HOUR
    timers.adjust(10 * HOUR, -HOUR)
    clock.advance(9)
    assert rung == []
    clock.advance(1)
    assert rung == ["old"]
    assert formatEvent(events[0]) == "the clock was set by -3600 s"


def test_forward() -> None:
    """What is due by then is due; nothing is put off."""
    clock, timers, events, rung = bench()
    clock.callLater(2 * HOUR, rung.append, "old")
    clock.advance(HOUR)
    timers.adjust(10 * HOUR, HOUR)
    assert formatEvent(events[0]) == "the clock was set by +3600 s"
    clock.advance(HOUR)
    assert rung == ["old"]


def test_begun_since() -> None:
    """A timer that was begun after the step is right already."""
    clock, timers, _, rung = bench()
    clock.rightNow -= HOUR
    clock.callLater(10, rung.append, "new")
    timers.adjust(10 * HOUR, -HOUR)
    clock.advance(9)
    assert rung == []
    clock.advance(1)
    assert rung == ["new"]


class Watched:
    """A reactor whose clock shows these times in turn; `told` is what it is asked."""

    def __init__(self, *times: float) -> None:
        self.times = list(times)
        self.told: Deferred[tuple[object, ...]] = Deferred()

    def seconds(self) -> float:
        return self.times.pop(0) if self.times[1:] else self.times[0]

    def getDelayedCalls(self) -> list[IDelayedCall]:
        return []

    def callFromThread(self, work: Callable[..., object], *args: object) -> None:
        cast(Any, reactor).callFromThread(self.told.callback, args)


async def test_watched() -> None:
    """A step is seen by itself, wherever it leads; a small one is none."""
    watched = Watched(10 * HOUR, 10 * HOUR - STEP / 2, 9 * HOUR)
    timers = SteadyTimers(watched, steady=lambda: 0.0, look=0.001)
    timers.start()
    try:
        told = await watched.told.addTimeout(PATIENCE, reactor)
    finally:
        timers.stop()
    assert told == (10 * HOUR - STEP / 2, STEP / 2 - HOUR)


def test_never_started() -> None:
    """It can be stopped all the same."""
    bench()[1].stop()
