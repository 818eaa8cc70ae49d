"""What the scanners share that ask whether a sender is who he says."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeadlineError
from twisted.internet.interfaces import IReactorTime

from sc.model.envelope import Direction, Envelope
from sc.net.spf import Records
from sc.scanners.interface import NotScannedError

T = TypeVar("T")


@frozen
class Senders:
    """
    @ivar direction: our own users are not asked who they are.
    """

    clock: IReactorTime
    records: Records
    direction: Callable[[Envelope], Direction]

    def must_be_strange(self, envelope: Envelope) -> None:
        """@raise NotScannedError: the message is not from outside."""
        if self.direction(envelope) is not Direction.INBOUND:
            raise NotScannedError("not from outside")

    async def within(self, timeout: float, work: Coroutine[Any, Any, T], late: T) -> T:
        """What the work comes to, or `late` if it does not end in time."""
        try:
            return await Deferred.fromCoroutine(work).addTimeout(timeout, self.clock)
        except DeadlineError:
            return late
