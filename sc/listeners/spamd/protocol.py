"""Carries the spamd codec on a transport: octets, time and the ways to end."""

from collections.abc import Iterator

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.tcp import Connection
from twisted.python.failure import Failure
from zope.interface import implementer

from sc.access import Right
from sc.flow import OverloadedError
from sc.listeners.endpoint import peer_of
from sc.listeners.spamd.answer import Reply, TryAgainError
from sc.listeners.spamd.sending import Sending
from sc.listeners.spamd.session import Door, Session, session_for
from sc.listeners.timer import Timer
from sc.wire.spamd import (
    BodyReceived,
    Code,
    Event,
    ProtocolError,
    RequestReceived,
)
from sc.wire.spamd_server import SpamdServer

LINGER = 5.0
"""Seconds for the client to close after our FIN. To close at once with its last octets
unread would send a reset, which can destroy the reply on its way."""


@implementer(IHalfCloseableProtocol)
class SpamdProtocol(Protocol):
    """
    One connection, which is one request.

    Without IHalfCloseableProtocol Twisted would hang up at the FIN which spamc, Exim
    and Haraka send before they read the reply.

    @ivar lost: fires when it is over.
    """

    transport: Connection

    def __init__(self, door: Door, clock: IReactorTime, *, full: bool = False) -> None:
        self._door = door
        self._full = full
        self._limits = door.settings.limits
        self._codec = SpamdServer(self._limits.message_size)
        self._idle = Timer(clock)
        self._whole = Timer(clock)
        self._session: Session | None = None
        self._scan: Deferred[None] | None = None
        self._spoke = False
        self._read_closed = False
        self._over = False
        self.lost: Deferred[None] = Deferred()

    # -- Twisted calls

    def connectionMade(self) -> None:
        peer = peer_of(self.transport.getPeer(), self.transport.getHost())
        self._peer = str(peer)
        if self._full:
            self._reset("too many connections")
        elif not self._door.access.caller(peer).may(Right.SCAN):
            self._reset("no right to scan")
        else:
            self._whole.set(self._limits.total_timeout, self._took_too_long)
            self._idle.set(self._limits.first_line_timeout, self._said_nothing)

    def dataReceived(self, data: bytes) -> None:
        if self._over or self._codec.ended:
            return  # Read and dropped: unread octets would turn our FIN into a reset.
        self._spoke = True
        self._run(self._codec.receive_data(data))
        if self._codec.started:
            self._idle.move(self._limits.idle_timeout, self._fell_silent)

    def readConnectionLost(self) -> None:
        self._read_closed = True
        self._idle.stop()
        if self._over:
            self._finish()
        else:
            self._run(self._codec.receive_eof())

    def writeConnectionLost(self) -> None:
        """Our FIN is out; the client closes now."""
        self._whole.set(LINGER, self._hang_up)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._over = True
        self._idle.stop()
        self._whole.stop()
        self._drop()
        self.lost.callback(None)

    # -- the service calls

    def drain(self) -> None:
        """Hang up, unless a request has begun."""
        if not self._codec.started:
            self.abort()

    def abort(self) -> None:
        self._over = True
        self.transport.abortConnection()

    # -- the request

    def _run(self, events: Iterator[Event]) -> None:
        try:
            for event in events:
                self._take(event)
        except ProtocolError as e:
            self._refuse(e)

    def _take(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            self._session = session_for(self._door, event.request)
        elif isinstance(event, BodyReceived):
            assert self._session is not None
            self._session.take(event.octets)
        else:
            assert self._session is not None
            self._idle.stop()
            work = Deferred.fromCoroutine(self._answer(self._session))
            work.addErrback(self._broke)
            self._scan = None if work.called else work

    async def _answer(self, session: Session) -> None:
        """Either a whole reply, or an error line, or a reset."""
        try:
            reply = await session.answer()
        except CancelledError:
            return  # Nobody is left to tell.
        except ProtocolError as e:
            self._scan = None
            self._refuse(e)
        except (TryAgainError, OverloadedError) as e:
            self._scan = None
            self._reset(str(e))
        else:
            self._scan = None
            self._reply(reply)

    def _broke(self, failure: Failure) -> None:
        """A bug must not look like ham."""
        self._scan = None
        self._door.log.failure("bug in the spamd door", failure)
        self._reset("internal error")

    # -- the ways to end

    def _refuse(self, error: ProtocolError) -> None:
        if self._spoke:  # a monitor that only connects is no news
            self._count("bad_request")
            self._door.log.info(
                "{listener}: bad request from {peer}: {error}",
                listener=self._door.name,
                peer=self._peer,
                error=str(error),
            )
        self._drop()
        if error.reset:
            self.abort()
        else:
            self._reply(Reply(self._codec.error_line(error)))

    def _reset(self, why: str) -> None:
        """Our failure: the one signal that every client takes for "not scanned"."""
        self._count("reset")
        self._door.log.warn(
            "{listener}: reset {peer}: {why}",
            listener=self._door.name,
            peer=self._peer,
            why=why,
        )
        self._drop()
        self.abort()

    def _count(self, why: str) -> None:
        self._door.flow.metrics.refused(self._door.name, why)

    def _reply(self, reply: Reply) -> None:
        if self._over:
            return  # The client left, and the scan did not mind.
        self._over = True
        self._idle.stop()
        self._whole.set(self._limits.reply_timeout, self.abort)
        Sending(self.transport, reply, self._finish).start()

    def _finish(self) -> None:
        """Exim, spamc and Haraka read until our FIN."""
        if self._read_closed:
            self.transport.loseConnection()
        else:
            self.transport.loseWriteConnection()

    def _hang_up(self) -> None:
        self.transport.loseConnection()

    def _drop(self) -> None:
        """What was kept of the message, and the scan that nobody waits for."""
        scan, self._scan = self._scan, None
        if scan is not None:
            scan.cancel()
        if self._session is not None:
            self._session.close()

    # -- time

    def _said_nothing(self) -> None:
        self._too_slow(f"({self._limits.first_line_timeout:.0f} second socket timeout")

    def _fell_silent(self) -> None:
        self._too_slow(f"({self._limits.idle_timeout:.0f} second socket timeout")

    def _too_slow(self, how: str) -> None:
        text = f"{how} reading input from client)"
        self._refuse(ProtocolError(text, Code.TIMEOUT))

    def _took_too_long(self) -> None:
        if self._codec.ended:
            self._reset("no verdict in time")
        else:
            self._too_slow(f"({self._limits.total_timeout:.0f} second timeout")
