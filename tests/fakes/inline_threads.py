"""A thread pool and its reactor in one, which run everything at once and in place.

With it a test on a `Clock` can use the real SQLite store.
"""

from collections.abc import Callable
from typing import Any

from twisted.python.failure import Failure


class InlineThreads:
    def start(self) -> None:
        """Nothing to start."""

    def stop(self) -> None:
        """Nothing to stop."""

    def callInThreadWithCallback(
        self, done: Callable[[bool, Any], None], work: Callable[..., Any], *args: Any
    ) -> None:
        try:
            result = work(*args)
        except Exception:  # noqa: BLE001 a thread pool passes every failure on
            done(False, Failure())
        else:
            done(True, result)

    def callFromThread(self, call: Callable[..., Any], *args: Any) -> None:
        call(*args)
