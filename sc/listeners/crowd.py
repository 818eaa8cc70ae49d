"""Who is inside a listener: counted, and seen out when it stops."""

from collections.abc import Sequence
from typing import Protocol

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IProtocolFactory, IReactorCore, IReactorTime

from sc.listeners.endpoint import EndpointService


class Guest(Protocol):
    """
    One connection.

    @ivar lost: fires with its end.
    """

    @property
    def lost(self) -> Deferred[None]: ...

    def drain(self) -> None:
        """Finish what is in progress, then leave."""
        ...

    def abort(self) -> None:
        """Leave now."""
        ...


class Crowd:
    """The connections of one listener."""

    def __init__(self, clock: IReactorTime, patience: float) -> None:
        """@param patience: seconds that work in progress has when we stop."""
        self._clock, self._patience = clock, patience
        self._inside: set[Guest] = set()

    def __len__(self) -> int:
        return len(self._inside)

    def enter(self, guest: Guest) -> None:
        self._inside.add(guest)
        guest.lost.addCallback(lambda _: self._inside.discard(guest))

    async def leave(self) -> None:
        """Return when nobody is inside; who does not leave in time is cut off."""
        guests = list(self._inside)
        left = gatherResults([_left(guest) for guest in guests], consumeErrors=True)
        for guest in guests:
            guest.drain()
        timer = self._clock.callLater(self._patience, self._abort)
        await left
        if timer.active():
            timer.cancel()

    def _abort(self) -> None:
        for guest in list(self._inside):
            guest.abort()


def _left(guest: Guest) -> Deferred[None]:
    """Fires with the connection's end, and leaves its own Deferred alone."""
    left: Deferred[None] = Deferred()
    guest.lost.addCallback(lambda _: left.callback(None))
    return left


class ListenerService(MultiService):
    """One factory behind all endpoints of a listener."""

    def __init__(
        self,
        reactor: IReactorCore,
        endpoints: Sequence[str],
        factory: IProtocolFactory,
        crowd: Crowd,
    ) -> None:
        super().__init__()
        self._crowd = crowd
        for endpoint in endpoints:
            service = EndpointService(reactor, endpoint, factory)
            service.setServiceParent(self)

    @property
    def connections(self) -> int:
        """Those that are open."""
        return len(self._crowd)

    def stopService(self) -> Deferred[None]:
        """Close the doors, then wait for those inside."""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        await MultiService.stopService(self)
        await self._crowd.leave()
