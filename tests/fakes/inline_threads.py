"""A thread pool and its reactor in one, which run everything at once and in place.

With it a test on a `Clock` can use the real SQLite store.
"""

from collections.abc import Callable
from typing import Any, cast

from attrs import define
from twisted.python.failure import Failure

from sc.offload import Offload


@define
class InlineThreads:
    """@ivar handed: how often work was handed over."""

    handed: int = 0

    def start(self) -> None:
        """Nothing to start."""

    def stop(self) -> None:
        """Nothing to stop."""

    def callInThreadWithCallback(
        self, done: Callable[[bool, Any], None], work: Callable[..., Any], *args: Any
    ) -> None:
        self.handed += 1
        try:
            result = work(*args)
        except Exception:  # noqa: BLE001 a thread pool passes every failure on
            done(False, Failure())
        else:
            done(True, result)

    def callFromThread(self, call: Callable[..., Any], *args: Any) -> None:
        call(*args)


def inline_offload(threads: InlineThreads) -> Offload:
    """Hands over to these."""
    return Offload(cast(Any, threads), cast(Any, threads))


INLINE = inline_offload(InlineThreads())
