"""An LMTP or SMTP listener: its endpoints, who is inside, and how they leave."""

from twisted.internet.interfaces import IAddress, IReactorCore, IReactorTime
from twisted.internet.protocol import Factory

from sc.listeners.crowd import Crowd, ListenerService
from sc.listeners.smtp.protocol import SmtpProtocol
from sc.listeners.smtp.session import Door


class SmtpFactory(Factory):
    """
    Builds connections up to the cap; one above is told to come again.

    @ivar crowd: the connections that are open.
    """

    noisy = False

    def __init__(self, door: Door, clock: IReactorTime) -> None:
        self._door = door
        self._clock = clock
        self.crowd = Crowd(clock, door.settings.limits.drain_timeout)

    def buildProtocol(self, addr: IAddress | None) -> SmtpProtocol | None:
        cap = self._door.settings.limits.connections
        if len(self.crowd) >= 2 * cap:
            return None  # they do not even take our 421
        full = len(self.crowd) >= cap
        protocol = SmtpProtocol(self._door, self._clock, full=full)
        protocol.factory = self
        self.crowd.enter(protocol)
        return protocol


class SmtpService(ListenerService):
    """@ivar factory: of all its endpoints."""

    def __init__(self, reactor: IReactorCore, clock: IReactorTime, door: Door) -> None:
        self.factory = SmtpFactory(door, clock)
        crowd = self.factory.crowd
        super().__init__(reactor, door.settings.endpoint, self.factory, crowd)
