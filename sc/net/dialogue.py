"""One connection, several turns: how peers are asked whose protocol is no single
request with a single reply. A codec without I/O knows what comes next.
"""

import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IPullProducer,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Protocol as Connection
from twisted.internet.protocol import connectionDone
from twisted.internet.tcp import Connection as Transport
from twisted.python.failure import Failure
from zope.interface import implementer

from sc.model.status import ServerStatus
from sc.net.server_pool import ExchangeError, ServerPool
from sc.net.stream_exchange import connect

Outcome = TypeVar("Outcome")
Told_co = TypeVar("Told_co", covariant=True)


class Codec(Protocol[Told_co]):
    """Our side of a dialogue."""

    @property
    def outcome(self) -> Told_co | None:
        """What it comes to, once that is known."""
        ...

    def opening(self) -> bytes:
        """The first octets."""
        ...

    def receive(self, octets: bytes) -> bytes:
        """
        What is to be sent next; the last words once there is an outcome.

        @raise ValueError: this is no answer; without a stranger's words.
        """
        ...

    def more(self) -> bytes:
        """What follows, once the peer has taken all before; empty: nothing."""
        ...


class Dialogue:
    """Talks with the servers of one service."""

    def __init__(
        self,
        clock: IReactorTime,
        endpoints: Sequence[IStreamClientEndpoint],
        connect_timeout: float,
        pool: ServerPool,
    ) -> None:
        """
        @param endpoints: in the order of the pool's servers.
        @param connect_timeout: seconds for one server to accept.
        """
        self._clock, self._endpoints = clock, tuple(endpoints)
        self._connect_timeout, self._pool = connect_timeout, pool

    async def hold(
        self, codec: Callable[[], Codec[Outcome]], timeout: float
    ) -> Outcome:
        """
        Return what the dialogue comes to.

        @param codec: called anew for each server that is asked.
        @param timeout: seconds for everything, connecting included.
        @raise ExchangeError: it comes to nothing, and why.
        """
        return await self._pool.ask(lambda n: self._talk(n, codec()), timeout)

    async def probe(self, codec: Callable[[], Codec[Outcome]], timeout: float) -> None:
        """
        Talk with every server; one is enough.

        @raise ExchangeError: none would, and why.
        """
        await self._pool.probe(lambda n: self._talk(n, codec()), timeout)

    def statuses(self) -> tuple[ServerStatus, ...]:
        """How each server fares, in the configured order."""
        return self._pool.statuses()

    async def _talk(self, number: int, codec: Codec[Outcome]) -> Outcome:
        talking = _Talking(codec)
        endpoint = self._endpoints[number]
        await connect(endpoint, talking, self._connect_timeout, self._clock)
        try:
            outcome = await talking.outcome
        except ExchangeError:
            talking.transport.abortConnection()
            await talking.lost
            raise
        except BaseException:
            talking.transport.abortConnection()
            raise
        # The socket is closed when the caller goes on: nothing is left behind. A peer
        # that knows enough may read no more, and is not waited for.
        if talking.is_sending:
            talking.transport.abortConnection()
        else:
            talking.transport.loseConnection()
        await talking.lost
        return outcome


@implementer(IPullProducer)
class _Talking(Connection, Generic[Outcome]):
    """
    Our end of one connection.

    @ivar outcome: fires with what it comes to.
    @ivar is_sending: the codec has more than the peer has taken.
    """

    transport: Transport

    def __init__(self, codec: Codec[Outcome]) -> None:
        self.outcome: Deferred[Outcome] = Deferred()
        self.lost: Deferred[None] = Deferred()
        self.is_sending = False
        self._codec = codec

    def connectionMade(self) -> None:
        with suppress(AttributeError):  # A UNIX socket has no such delay.
            self.transport.setTcpNoDelay(True)
        self.transport.write(self._codec.opening())

    def dataReceived(self, data: bytes) -> None:
        if self.outcome.called:
            return
        self._acknowledge()
        try:
            answer = self._codec.receive(data)
        except ValueError as e:
            self.outcome.errback(ExchangeError(str(e)))
            return
        self.transport.write(answer)
        if not self.is_sending:
            self.is_sending = True
            self.transport.registerProducer(self, streaming=False)
        outcome = self._codec.outcome
        if outcome is not None:
            self.outcome.callback(outcome)

    def resumeProducing(self) -> None:
        """The peer takes more: a large message is never written as a whole."""
        piece = self._codec.more()
        if piece:
            self.transport.write(piece)
        else:
            self.is_sending = False
            self.transport.unregisterProducer()

    def stopProducing(self) -> None:
        """The connection is lost: `connectionLost` tells."""

    def _acknowledge(self) -> None:
        """
        A peer that writes its reply in pieces waits for our acknowledgment of the
        first, which Linux holds back for 40 ms, unless told each time not to.
        """
        sock = self.transport.getHandle()
        if sock.family != socket.AF_UNIX and hasattr(socket, "TCP_QUICKACK"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if not self.outcome.called:
            text = "it closed the connection without a whole answer"
            self.outcome.errback(ExchangeError(text))
        self.lost.callback(None)
