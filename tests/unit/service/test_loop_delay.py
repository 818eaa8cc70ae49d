"""sc.service.loop_delay: how late the loop is."""

from twisted.internet.task import Clock

from sc.service.loop_delay import LoopDelay


def test_delays() -> None:
    """What lies between the time that was due and the time that came is told."""
    clock, seen = Clock(), list[float]()
    late = 0.0
    delay = LoopDelay(clock, seen.append, lambda: clock.seconds() + late)
    delay.start()
    clock.advance(1.0)
    late = 0.5
    clock.advance(1.0)
    assert seen == [0.0, 0.5]
    delay.stop()
    assert clock.getDelayedCalls() == []
    delay.stop()


def test_never_started() -> None:
    """A daemon that fails at the start stops it all the same."""
    LoopDelay(Clock(), list[float]().append).stop()
