"""spamd, as far as PING and SYMBOLS go; it can fail in seven ways."""

from twisted.internet.interfaces import IHalfCloseableProtocol
from zope.interface import implementer

from tests.fakes.faults import Fault, FaultyProtocol

GTUBE_CORE = b"GTUBE-STANDARD-ANTI-UBE" + b"-TEST-EMAIL"


@implementer(IHalfCloseableProtocol)
class FakeSpamd(FaultyProtocol):
    """
    Finds GTUBE. Like the real one it reads lines: a body without a final line end is
    answered only when the client closes its half.

    @ivar reply: said instead of its own answer to a message.
    @ivar pings: without a fault, so that only messages fail.
    @ivar request: what came.
    """

    def __init__(
        self,
        fault: Fault | None = None,
        *,
        reply: bytes | None = None,
        pings: bool = False,
    ) -> None:
        super().__init__(fault)
        self._reply, self._pings = reply, pings
        self.request = b""
        self._answered = False

    def dataReceived(self, data: bytes) -> None:
        self.request += data
        if self.request == b"PING SPAMC/1.5\r\n\r\n":
            self.fault = None if self._pings else self.fault
            self._say(b"SPAMD/1.5 0 PONG\r\n")

    def readConnectionLost(self) -> None:
        head, _, body = self.request.partition(b"\r\n\r\n")
        if not head.startswith(b"SYMBOLS SPAMC/1.5\r\n"):
            self._say(b"SPAMD/1.0 76 Bad header line: (closed before headers)\r\n")
        elif b"Content-length: %d" % len(body) not in head:
            self._say(b"SPAMD/1.0 76 Bad header line: (Content-Length mismatch)\r\n")
        else:
            self._say(self._reply or symbols(spam=GTUBE_CORE in body))

    def writeConnectionLost(self) -> None:
        pass

    def _say(self, reply: bytes) -> None:
        if not self._answered:
            self._answered = True
            self.answer(reply)


def symbols(*, spam: bool) -> bytes:
    """The whole reply to SYMBOLS."""
    line = b"True ; 1000.0 / 5.0" if spam else b"False ; -0.0 / 5.0"
    body = b"GTUBE,NO_RELAYS" if spam else b"NO_RELAYS"
    head = b"SPAMD/1.1 0 EX_OK\r\nContent-length: %d\r\n" % len(body)
    return head + b"Spam: " + line + b"\r\n\r\n" + body
