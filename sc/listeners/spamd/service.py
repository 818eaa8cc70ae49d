"""A spamd listener: its endpoints, who is inside, and how they leave."""

from twisted.internet.interfaces import IAddress, IReactorCore, IReactorTime
from twisted.internet.protocol import Factory

from sc.listeners.crowd import Crowd, ListenerService
from sc.listeners.spamd.protocol import SpamdProtocol
from sc.listeners.spamd.session import Door


class SpamdFactory(Factory):
    """
    Builds connections; one above the cap is reset, so that its client sees a failure
    and no empty answer.

    @ivar crowd: the connections that are open.
    """

    noisy = False

    def __init__(self, door: Door, clock: IReactorTime) -> None:
        self._door = door
        self._clock = clock
        self.crowd = Crowd(clock, door.settings.limits.drain_timeout)

    def buildProtocol(self, addr: IAddress | None) -> SpamdProtocol:
        full = len(self.crowd) >= self._door.settings.limits.connections
        protocol = SpamdProtocol(self._door, self._clock, full=full)
        protocol.factory = self
        self.crowd.enter(protocol)
        return protocol


class SpamdService(ListenerService):
    """@ivar factory: of all its endpoints."""

    def __init__(self, reactor: IReactorCore, clock: IReactorTime, door: Door) -> None:
        self.factory = SpamdFactory(door, clock)
        crowd = self.factory.crowd
        super().__init__(reactor, door.settings.endpoint, self.factory, crowd)
