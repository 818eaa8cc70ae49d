"""Carries the SMTP machine on a transport: bytes, time and pressure, no grammar."""

from enum import Enum

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IPushProducer,
    IReactorTime,
    ITCPTransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.tcp import Connection
from twisted.python.failure import Failure
from zope.interface import implementer

from sc.listeners.endpoint import peer_of
from sc.listeners.smtp.session import Door, Session
from sc.wire.smtp import Reply
from sc.wire.smtp_event import (
    DataAsked,
    DataReceived,
    Event,
    MailGiven,
    MessageEnded,
    RcptGiven,
)
from sc.wire.smtp_server import SmtpServer

READ, READ_DATA = 8 * 1024, 64 * 1024
"""Octets a read: 64 KiB of pipelined NOOPs would all be answered in one turn."""

LINGER = 10.0
"""Seconds for a last reply to leave our buffer."""

FULL = Reply(421, ("4.3.2 too many connections, try again later",))
STOPPING = Reply(421, ("4.3.2 stopping, try again later",))
IDLE = Reply(421, ("4.4.2 waited too long",))
TOO_SLOW = Reply(451, ("4.4.1 not done in time, try again later",))


class Phase(Enum):
    """What a connection waits for, in the log's words; each has its own deadline."""

    COMMAND = "a command"
    DATA = "the message"
    ANSWER = "the answer"
    LEAVING = "its leaving"


@implementer(IPushProducer)
class SmtpProtocol(Protocol):
    """
    One connection.

    @ivar lost: fires when it is over.
    """

    transport: Connection

    def __init__(self, door: Door, clock: IReactorTime, *, full: bool = False) -> None:
        self._door = door
        self._clock = clock
        self._full = full
        limits = door.settings.limits
        self._codec = SmtpServer(door.settings.protocol, door.hostname, limits.server)
        self._seconds = {
            Phase.COMMAND: limits.command_timeout,
            Phase.DATA: limits.data_timeout,
            Phase.ANSWER: limits.answer_timeout,
            Phase.LEAVING: LINGER,
        }
        self._phase = Phase.COMMAND
        self._timer: IDelayedCall | None = None
        self._pending: Deferred[None] | None = None
        self._pumping = False
        self._reading = True
        self._clogged = False
        self._draining = False
        self._gone = False
        self.lost: Deferred[None] = Deferred()

    # -- Twisted calls

    def connectionMade(self) -> None:
        peer = peer_of(self.transport.getPeer(), self.transport.getHost())
        self._peer = peer
        self._session = Session(self._door, peer)
        self.transport.registerProducer(self, True)  # noqa: FBT003 Twisted's signature
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpNoDelay(True)
        if self._full:
            self._door.metrics.refused(self._door.name, "full")
            self._codec.close(FULL)
        else:
            self._codec.open()
        self._flush()

    def dataReceived(self, data: bytes) -> None:
        self._codec.receive_data(data)
        self._pump()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._gone = True
        if self._timer is not None:
            self._timer.cancel()
        self._codec.close()
        self._session.close()
        if self._pending is not None:
            self._pending.cancel()
        self.lost.callback(None)

    def pauseProducing(self) -> None:
        """The client does not read our replies: nor do we its commands."""
        self._clogged = True
        self._flush()

    def resumeProducing(self) -> None:
        self._clogged = False
        self._pump()

    def stopProducing(self) -> None:
        """The transport is closing; `connectionLost` tells the rest."""

    # -- the service calls

    def drain(self) -> None:
        """Finish the message in progress, if any, and say goodbye."""
        self._draining = True
        if self._pending is None and not self._codec.receiving:
            self._codec.close(STOPPING)
            self._flush()

    def abort(self) -> None:
        self.transport.abortConnection()

    # -- events

    def _pump(self) -> None:
        if self._pumping:  # a message was answered at once, within the loop below
            return
        self._pumping = True
        while not self._clogged and (event := self._codec.next_event()) is not None:
            self._respond(event)
        self._pumping = False
        self._flush()

    def _respond(self, event: Event) -> None:
        match event:
            case DataReceived():
                self._session.take(event.octets)
            case MailGiven():
                self._codec.answer(self._session.mail(event.sender))
            case RcptGiven():
                self._codec.answer(self._session.rcpt(event.recipient))
            case DataAsked():
                self._codec.answer(self._session.data())
            case MessageEnded():
                work = Deferred.fromCoroutine(self._finish(event))
                self._pending = None if work.called else work
                work.addErrback(self._broke)

    async def _finish(self, ended: MessageEnded) -> None:
        try:
            replies = await self._session.finish(ended, self._codec.helo)
        except CancelledError:
            replies = (TOO_SLOW,)
        self._pending = None
        if self._gone:
            return
        self._codec.answer(*replies)
        if self._draining:
            self._codec.close(STOPPING)
        self._pump()

    def _broke(self, failure: Failure) -> None:
        self._door.log.failure("bug in the SMTP door", failure)
        self.abort()

    # -- octets and time

    def _flush(self) -> None:
        """Send what is to be sent, and see what we wait for now."""
        replies = self._codec.data_to_send()
        if replies:
            self.transport.write(replies)
        phase = self._next_phase()
        if phase is Phase.LEAVING and self._phase is not Phase.LEAVING:
            self.transport.unregisterProducer()
            self.transport.loseConnection()
        if replies or phase is not self._phase:
            self._phase = phase
            self.transport.bufferSize = READ_DATA if phase is Phase.DATA else READ
            self._restart_timer()
        self._adjust_reading()

    def _next_phase(self) -> Phase:
        if self._pending is not None:
            return Phase.ANSWER
        if self._codec.closing:
            return Phase.LEAVING
        return Phase.DATA if self._codec.receiving else Phase.COMMAND

    def _adjust_reading(self) -> None:
        ahead = self._pending is not None and (
            self._codec.buffered > self._door.settings.limits.buffer
        )
        wanted = not (self._clogged or ahead)
        if wanted is not self._reading and self._phase is not Phase.LEAVING:
            self._reading = wanted
            if wanted:
                self.transport.resumeProducing()
            else:
                self.transport.pauseProducing()

    def _restart_timer(self) -> None:
        seconds = self._seconds[self._phase]
        if self._timer is None:
            self._timer = self._clock.callLater(seconds, self._expired)
        else:
            self._timer.reset(seconds)

    def _expired(self) -> None:
        self._timer = None
        self._door.metrics.refused(self._door.name, "late")
        self._door.log.info(
            "late at {listener}: waited for {phase} {seconds} s, peer {peer}",
            listener=self._door.name,
            peer=self._peer,
            phase=self._phase.value,
            seconds=self._seconds[self._phase],
        )
        if self._phase is Phase.LEAVING:
            self.abort()
        elif self._pending is not None:
            self._pending.cancel()
        else:
            self._codec.close(IDLE)
            self._flush()
