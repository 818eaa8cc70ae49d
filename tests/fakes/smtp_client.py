"""A client of the LMTP and SMTP door over a transport in memory."""

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from sc.listeners.smtp.protocol import SmtpProtocol
from sc.listeners.smtp.service import SmtpFactory
from sc.listeners.smtp.session import Door
from sc.wire.smtp_mail import Dialect


class Transport(StringTransport):
    """@ivar aborted: the door cut the connection off."""

    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True
        super().abortConnection()


class MemoryClient:
    """
    @ivar clock: the door's.
    @ivar transport: the door's side.
    """

    def __init__(
        self, door: Door, peer: str = "127.0.0.1", factory: SmtpFactory | None = None
    ) -> None:
        self.clock = Clock()
        self.factory = factory or SmtpFactory(door, self.clock)
        self._lmtp = door.settings.protocol is Dialect.LMTP
        address = IPv4Address("TCP", peer, 4711)
        built = self.factory.buildProtocol(address)
        assert built is not None
        self.protocol: SmtpProtocol = built
        self.transport = Transport(peerAddress=address)
        self.protocol.makeConnection(self.transport)

    def say(self, *lines: str) -> list[str]:
        """Write the lines at once; what came back, without CRLF."""
        self.protocol.dataReceived("".join(f"{x}\r\n" for x in lines).encode("latin-1"))
        return self.heard()

    def heard(self) -> list[str]:
        said: str = self.transport.value().decode("ascii")
        self.transport.clear()
        return said.splitlines()

    def leave(self) -> None:
        self.protocol.connectionLost(Failure(ConnectionDone()))

    def ask(self, *recipients: str) -> list[str]:
        """A hello, an envelope and DATA; the replies to each RCPT and to DATA."""
        replies = self.say(
            "LHLO client" if self._lmtp else "EHLO client",
            "MAIL FROM:<alice@example.com>",
            *(f"RCPT TO:<{r}>" for r in recipients),
            "DATA",
        )
        return replies[-len(recipients) - 1 :]

    def send(
        self, *recipients: str, message: str = "Subject: x\n\nhello\n"
    ) -> list[str]:
        """A whole message; the replies to its final dot."""
        self.ask(*recipients)
        self.protocol.dataReceived(message.replace("\n", "\r\n").encode() + b".\r\n")
        return self.heard()
