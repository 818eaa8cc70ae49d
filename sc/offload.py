"""Keep the event loop free: larger CPU work runs in a thread.

Pure functions over bytes only. A thread does not make Python code faster, but the
interpreter then switches back to the loop every few milliseconds.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from attrs import frozen
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

P = ParamSpec("P")
T = TypeVar("T")

INLINE = 32 * 1024
"""Octets up to which the hand-off (60 us) costs more than it spares."""


@frozen
class Offload:
    """@ivar pool: started and stopped by the service."""

    reactor: IReactorFromThreads
    pool: ThreadPool

    async def __call__(
        self, size: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work`; in a thread if it is about more than `INLINE` octets."""
        if size <= INLINE:
            return work(*args, **kwargs)
        done: T = await deferToThreadPool(
            self.reactor, self.pool, work, *args, **kwargs
        )
        return done
