"""dccifd's ASCII protocol; it can fail in seven ways."""

from twisted.internet.interfaces import IHalfCloseableProtocol
from zope.interface import implementer

from tests.fakes.faults import Fault, FaultyProtocol

METRICS = b"X-DCC-EATSERVER-Metrics: mx.example.org 1166; "
BULK = b"tell everybody"


def reply(
    letter: bytes, each: bytes, metrics: bytes = b"Body=1 Fuz1=1 Fuz2=1"
) -> bytes:
    return letter + b"\n" + each + b"\n" + METRICS + metrics + b"\n\n"


@implementer(IHalfCloseableProtocol)
class FakeDccifd(FaultyProtocol):
    """
    Rejects what holds `BULK`. Like the real one it answers when the client has
    closed its half.

    @ivar reply: said instead of its own answer to a message.
    @ivar pings: without a fault when it is only asked, so that only messages fail.
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

    def dataReceived(self, data: bytes) -> None:
        self.request += data

    def readConnectionLost(self) -> None:
        options, _client, _helo, _sender, *rest = self.request.split(b"\n")
        recipients = rest.index(b"")
        assert recipients > 0
        if options == b"header query" and self._pings:
            self.fault = None
        told = self._reply if options == b"header" else None
        self.answer(told or verdict(b"\n".join(rest), recipients))

    def writeConnectionLost(self) -> None:
        pass


def verdict(body: bytes, recipients: int) -> bytes:
    if BULK in body:
        return reply(b"R", b"R" * recipients, b"bulk Body=many Fuz1=many Fuz2=many")
    return reply(b"A", b"A" * recipients)
