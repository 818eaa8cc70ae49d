"""One piece of work for all who want the same thing at the same time."""

from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

K = TypeVar("K")
V = TypeVar("V")


@define(eq=False)
class _Flight(Generic[V]):
    waiters: list[Deferred[V]] = field(factory=list)
    work: Deferred[None] | None = None


class Sharing(Generic[K, V]):
    """
    Whoever asks for a key that is under way waits for the same outcome. The work is
    cancelled when the last of them has left; until then nobody's leaving disturbs it.
    """

    def __init__(self) -> None:
        self._flights: dict[K, _Flight[V]] = {}

    def __len__(self) -> int:
        """How many pieces of work are under way."""
        return len(self._flights)

    async def get(self, key: K, work: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """The outcome of `work`, or of one for the same key that has begun before."""
        flight = self._flights.get(key)
        begun = flight is not None
        if flight is None:
            flight = self._flights[key] = _Flight()
        waiter = self._join(key, flight)
        if not begun:
            flight.work = Deferred.fromCoroutine(self._fly(key, flight, work))
        return await waiter

    def _join(self, key: K, flight: _Flight[V]) -> Deferred[V]:
        def leave(waiter: Deferred[V]) -> None:
            flight.waiters.remove(waiter)
            if not flight.waiters and flight.work is not None:
                self._forget(key, flight)  # Nobody may join what is being cancelled.
                flight.work.cancel()

        waiter: Deferred[V] = Deferred(leave)
        flight.waiters.append(waiter)
        return waiter

    async def _fly(
        self,
        key: K,
        flight: _Flight[V],
        work: Callable[[], Coroutine[Any, Any, V]],
    ) -> None:
        outcome: V | Failure
        try:
            outcome = await work()
        except Exception:  # noqa: BLE001 theirs who wait, each gets it (cancelled: none)
            outcome = Failure()
        self._forget(key, flight)
        waiters, flight.waiters = flight.waiters, []
        for waiter in waiters:
            waiter.callback(outcome)

    def _forget(self, key: K, flight: _Flight[V]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
