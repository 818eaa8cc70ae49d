"""A spamd connection on a transport in memory."""

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from sc.listeners.spamd.protocol import SpamdProtocol
from sc.listeners.spamd.session import Door
from tests.dialogs.spamd.replay import End


class Wire(StringTransport):
    """
    The server's side of a connection; the test is the client.

    @ivar aborted: the server has reset it.
    """

    def __init__(self, protocol: SpamdProtocol, peer: Any = None) -> None:
        super().__init__(peerAddress=peer or IPv4Address("TCP", "127.0.0.1", 40000))
        self.protocol = protocol
        self.aborted = False
        self.half_closed = False

    def loseWriteConnection(self) -> None:
        self.half_closed = True
        self.protocol.writeConnectionLost()

    def abortConnection(self) -> None:
        self.aborted = True

    def say(self, octets: bytes) -> None:
        self.protocol.dataReceived(octets)

    def fin(self) -> None:
        assert IHalfCloseableProtocol.providedBy(self.protocol)
        self.protocol.readConnectionLost()

    def end(self) -> End | None:
        """How the server has ended the connection, or None."""
        self._pull()
        if self.aborted:
            return End.RST
        return End.FIN if self.half_closed or self.disconnecting else None

    def value(self) -> bytes:
        self._pull()
        heard: bytes = super().value()
        return heard

    def _pull(self) -> None:
        """A client that reads as fast as it can."""
        while self.producer is not None and not self.streaming:
            self.producer.resumeProducing()

    def lose(self) -> None:
        """The connection is gone."""
        self.protocol.connectionLost(Failure(ConnectionDone()))


def connected(
    door: Door, clock: Clock | None = None, peer: Any = None, *, full: bool = False
) -> Wire:
    protocol = SpamdProtocol(door, clock or Clock(), full=full)
    wire = Wire(protocol, peer)
    protocol.makeConnection(wire)
    return wire
