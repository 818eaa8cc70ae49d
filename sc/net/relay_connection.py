"""One connection to a relay: the client codec on a transport, every wait bounded."""

from collections import deque
from typing import cast

from twisted.internet import defer
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IConsumer,
    IHandshakeListener,
    IPushProducer,
    IReactorTime,
    ITCPTransport,
    ITLSTransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from sc.net.relay_error import RelayError
from sc.net.relay_tls import Handshake
from sc.wire.smtp_client import Event, Progressed, SmtpClient
from sc.wire.smtp_mail import OutgoingMail
from sc.wire.smtp_replies import ProtocolError

QUIT_TIMEOUT = 5.0
"""Seconds for QUIT to leave our buffer; its reply is not waited for."""


@implementer(IPushProducer, IHandshakeListener)
class RelayConnection(Protocol):
    """Carries the codec's events to whoever awaits them; knows no grammar."""

    transport: ITCPTransport

    def __init__(self, codec: SmtpClient, clock: IReactorTime) -> None:
        self.codec = codec
        self._clock = clock
        self._events: deque[Event] = deque()
        self._broken = ""
        self._changed: Deferred[None] | None = None
        self._paused = False
        self._closed = False
        self._handshake: Handshake | None = None
        self._private = False

    @property
    def answered(self) -> bool:
        """Events wait to be read."""
        return bool(self._events)

    def failure(self, text: str) -> RelayError:
        return RelayError(
            text, uncertain=self.codec.dot_sent, replies=self.codec.results
        )

    async def answer(self, timeout: float) -> Event:
        """
        The next event that is not mere progress; `timeout` is for each reply.

        @raise RelayError: too late, closed, or not SMTP.
        """
        while True:
            while not self._events:
                self.check()
                await self._change(timeout, f"no answer within {timeout:g} s")
            event = self._events.popleft()
            if not isinstance(event, Progressed):
                return event

    def check(self) -> None:
        """
        @raise RelayError: the connection can carry nothing more.
        """
        if self._broken:
            raise self.failure(self._broken)

    async def start_tls(self, handshake: Handshake, timeout: float) -> None:
        """
        Return when the line is private and its other end is who it should be.

        @raise RelayError: it is not; nothing was sent on it.
        """
        self._handshake = handshake
        cast(ITLSTransport, self.transport).startTLS(handshake)
        while not self._private:
            self.check()
            await self._change(timeout, f"no TLS handshake within {timeout:g} s")
        self.codec.tls_started()
        self._flush()

    def start(self, mail: OutgoingMail) -> None:
        self.codec.start(mail)
        self._flush()

    async def send_body(self, chunk: bytes, timeout: float) -> None:
        """Return when there is room for more; it may have been answered meanwhile."""
        self.codec.send_body(chunk)
        self._flush()
        while self._paused and not self._events:
            self.check()
            await self._change(timeout, f"took nothing for {timeout:g} s")

    def end_body(self) -> None:
        self.codec.end_body()
        self._flush()

    async def quit(self) -> None:
        """Say goodbye, and go without waiting for the answer."""
        self.codec.quit()
        self._flush()
        cast(IConsumer, self.transport).unregisterProducer()
        self.transport.loseConnection()
        try:
            while not self._closed:
                await self._change(QUIT_TIMEOUT, "does not close")
        except RelayError:
            await self.abort()

    async def abort(self) -> None:
        """Leave at once, without a final dot if it was not sent."""
        if not self._closed:
            self.transport.abortConnection()
        while not self._closed:
            self._changed = Deferred()
            await self._changed

    async def _change(self, timeout: float, late: str) -> None:
        changed: Deferred[None] = Deferred()
        self._changed = changed
        changed.addTimeout(timeout, self._clock)
        try:
            await changed
        except defer.TimeoutError as e:
            raise self.failure(late) from e
        finally:
            self._changed = None

    def _tell(self) -> None:
        changed, self._changed = self._changed, None
        if changed is not None:
            changed.callback(None)

    def _flush(self) -> None:
        if data := self.codec.data_to_send():
            self.transport.write(data)

    def connectionMade(self) -> None:
        # The final dot is a write of its own; Nagle would hold it back for the relay's
        # delayed acknowledgement: 40 ms for every message.
        if isinstance(self.transport.getHost(), (IPv4Address, IPv6Address)):
            self.transport.setTcpNoDelay(True)
        cast(IConsumer, self.transport).registerProducer(self, streaming=True)

    def dataReceived(self, data: bytes) -> None:
        try:
            self._events += self.codec.receive_data(data)
        except ProtocolError as e:
            self._broken = self._broken or f"does not speak our protocol: {e}"
            self.transport.abortConnection()
        self._flush()
        if self._events or self._broken:  # half a reply must not move the deadline
            self._tell()

    def handshakeCompleted(self) -> None:
        assert self._handshake is not None
        if self._handshake.check_name():
            self._private = True
            self._tell()
        else:
            self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._broken = self._broken or self._ended(reason)
        self._closed = True
        self._tell()

    def _ended(self, reason: Failure) -> str:
        if self._handshake is None or self._private:
            return "closed the connection"
        return self._handshake.failure(reason)

    def pauseProducing(self) -> None:
        self._paused = True

    def resumeProducing(self) -> None:
        self._paused = False
        self._tell()

    def stopProducing(self) -> None:
        """The transport is closing; `connectionLost` tells the rest."""
