"""A timer that a connection sets again and again."""

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime


class Timer:
    """Set anew, it forgets what it was set to before."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._call: IDelayedCall | None = None
        self._expired: Callable[[], None] = self.stop

    @property
    def running(self) -> bool:
        return self._call is not None

    def set(self, seconds: float, expired: Callable[[], None]) -> None:
        self.stop()
        self._expired = expired
        self._call = self._clock.callLater(seconds, self._expire)

    def move(self, seconds: float, expired: Callable[[], None]) -> None:
        """Set anew, but only if it is set."""
        if self._call is not None:
            self._expired = expired
            self._call.reset(seconds)

    def stop(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def _expire(self) -> None:
        self._call = None
        self._expired()
