"""One connection, one request, one reply: how clamd, spamd and their like are asked.

The request is streamed with the peer's own speed, the reply is bounded, and all of
it ends at a deadline on the given clock.
"""

from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeadlineError
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ClientEndpoint,
    TCP6ClientEndpoint,
    UNIXClientEndpoint,
)
from twisted.internet.error import ConnectingCancelledError, ConnectionDone
from twisted.internet.interfaces import (
    IProtocol,
    IProtocolFactory,
    IPullProducer,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.tcp import Connection
from twisted.python.failure import Failure
from zope.interface import implementer

from sc.model.status import ServerStatus
from sc.net.planted import refuse_planted
from sc.net.server import Server
from sc.net.server_pool import ExchangeError, ServerPool

__all__ = [
    "Exchange",
    "ExchangeError",
    "Question",
    "SocketEndpoint",
    "UnreachableError",
    "client_endpoint",
    "connect",
    "plain_problem",
]

Answer = TypeVar("Answer")


class UnreachableError(ExchangeError):
    """No server accepted the connection; nothing was sent."""


@frozen
class Question:
    """
    @ivar request: makes the octets to send, in pieces of a comfortable size; called
        anew for each server that is asked.
    @ivar limit: octets of the reply.
    @ivar terminator: ends the reply; None: the peer's close does.
    @ivar half_close: tell the peer by FIN that the request is whole.
    """

    request: Callable[[], Iterable[bytes]]
    limit: int
    terminator: bytes | None = None
    half_close: bool = False


class Exchange:
    """Asks the servers of one service."""

    def __init__(
        self,
        clock: IReactorTime,
        endpoints: Sequence[IStreamClientEndpoint],
        connect_timeout: float = 5.0,
        pool: ServerPool | None = None,
    ) -> None:
        """
        @param endpoints: in the order of the pool's servers.
        @param connect_timeout: seconds for one server to accept.
        @param pool: chooses the server; without one all have the same share.
        """
        self._clock, self._endpoints = clock, tuple(endpoints)
        self._connect_timeout = connect_timeout
        alike = [Server(str(number)) for number, _ in enumerate(endpoints)]
        self._pool = pool or ServerPool(clock, alike)

    async def ask(self, question: Question, timeout: float) -> bytes:
        """
        Return the whole reply.

        @param timeout: seconds for everything, connecting included.
        @raise ExchangeError: there is none, and why.
        """
        return await self.read(question, bytes, timeout)

    async def read(
        self, question: Question, parse: Callable[[bytes], Answer], timeout: float
    ) -> Answer:
        """
        Return the whole reply as a value.

        @param parse: raises `ValueError` for what is no answer: the next server may
            give one.
        @raise ExchangeError: there is none, and why.
        """
        attempt = self._attempt(question, parse)
        return await self._pool.ask(attempt, timeout)

    async def probe(
        self, question: Question, parse: Callable[[bytes], object], timeout: float
    ) -> None:
        """
        Ask every server whether it would answer; one is enough.

        @raise ExchangeError: none would, and why.
        """
        await self._pool.probe(self._attempt(question, parse), timeout)

    def statuses(self) -> tuple[ServerStatus, ...]:
        """How each server fares, in the configured order."""
        return self._pool.statuses()

    def _attempt(
        self, question: Question, parse: Callable[[bytes], Answer]
    ) -> Callable[[int], Coroutine[Any, Any, Answer]]:
        async def attempt(number: int) -> Answer:
            reply = await self._ask(self._endpoints[number], question)
            try:
                return parse(reply)
            except ValueError as e:
                raise ExchangeError(str(e)) from e

        return attempt

    async def _ask(self, endpoint: IStreamClientEndpoint, question: Question) -> bytes:
        asking = _Asking(question)
        await connect(endpoint, asking, self._connect_timeout, self._clock)
        try:
            reply = await asking.reply
        finally:
            asking.abort()
        # The socket is closed when the caller goes on: nothing is left behind.
        await asking.lost
        return reply


@implementer(IPullProducer)
class _Asking(Protocol):
    """The client's end of one connection; `reply` fires with the answer."""

    transport: Connection

    def __init__(self, question: Question) -> None:
        self.reply: Deferred[bytes] = Deferred(lambda _: self.abort())
        self.lost: Deferred[None] = Deferred()
        self._question = question
        self._pieces: Iterator[bytes] = iter(question.request())
        self._received = bytearray()

    def connectionMade(self) -> None:
        self.transport.registerProducer(self, streaming=False)

    def resumeProducing(self) -> None:
        piece = next(self._pieces, None)
        if piece is not None:
            self.transport.write(piece)
            return
        self.transport.unregisterProducer()
        if self._question.half_close:
            self.transport.loseWriteConnection()

    def stopProducing(self) -> None:
        """The connection is lost: `connectionLost` tells."""

    def dataReceived(self, data: bytes) -> None:
        self._received += data
        limit, end = self._question.limit, self._question.terminator
        if len(self._received) > limit:
            self._settle(ExchangeError(f"the answer is longer than {limit} octets"))
        elif end is not None and end in self._received:
            self._settle(bytes(self._received))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if reason.check(ConnectionDone) is None:
            self._settle(ExchangeError("it broke the connection off"))
        elif not self._received:
            self._settle(ExchangeError("it closed the connection without an answer"))
        elif self._question.terminator is not None:
            self._settle(ExchangeError("it closed in the middle of its answer"))
        else:
            self._settle(bytes(self._received))
        self.lost.callback(None)

    def _settle(self, outcome: bytes | ExchangeError) -> None:
        """The first outcome counts; whoever waits then drops the connection."""
        if self.reply.called:
            return
        if isinstance(outcome, bytes):
            self.reply.callback(outcome)
        else:
            self.reply.errback(outcome)

    def abort(self) -> None:
        """Drop the connection; safe when it is gone."""
        self.transport.abortConnection()


async def connect(
    endpoint: IStreamClientEndpoint,
    protocol: Protocol,
    timeout: float,
    clock: IReactorTime,
) -> None:
    """
    Give a protocol its connection.

    @raise UnreachableError: there is none.
    """
    connecting = endpoint.connect(_once(protocol))
    connecting.addErrback(_as_cancelled)
    connecting.addTimeout(timeout, clock)
    try:
        await connecting
    except CancelledError:
        raise
    except DeadlineError:
        raise UnreachableError(f"no connection within {timeout:g} s") from None
    except Exception as e:  # Endpoints raise what they like.
        raise UnreachableError(plain_problem(e)) from e


def _as_cancelled(failure: Failure) -> Failure:
    """Endpoints have a word of their own for it: a waiter that leaves ends us."""
    ended = failure.check(ConnectingCancelledError) is not None
    return Failure(CancelledError()) if ended else failure


def _once(protocol: Protocol) -> "Factory[Any]":
    factory: Factory[Any] = Factory.forProtocol(lambda: protocol)
    factory.noisy = False
    return factory


def plain_problem(error: Exception) -> str:
    """A sentence of our own: exception texts hold paths and addresses."""
    if isinstance(error, ExchangeError):
        return str(error)
    words = {
        "ConnectionRefusedError": "it refuses connections",
        "ConnectError": "it cannot be reached",
        "DNSLookupError": "its name is unknown",
        "NoRouteError": "there is no route to it",
    }
    return words.get(type(error).__name__, "it cannot be reached")


@implementer(IStreamClientEndpoint)
@frozen
class SocketEndpoint:
    """A UNIX socket that only its owner can have planted there."""

    _reactor: object
    _path: str

    async def _connect(self, factory: IProtocolFactory) -> IProtocol:
        refuse_planted(Path(self._path))
        endpoint = UNIXClientEndpoint(self._reactor, self._path)
        connected: IProtocol = await endpoint.connect(factory)
        return connected

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        return Deferred.fromCoroutine(self._connect(protocolFactory))


def client_endpoint(reactor: object, server: str) -> IStreamClientEndpoint:
    """The endpoint of "host:port", "[IPv6 address]:port" or "/path/of/socket"."""
    if server.startswith("/"):
        return SocketEndpoint(reactor, server)
    host, _, number = server.rpartition(":")
    host, port = host.strip("[]"), int(number)
    try:
        address = ip_address(host)
    except ValueError:
        return HostnameEndpoint(reactor, host.encode("ascii"), port)
    # HostnameEndpoint would tell of a refusal 0.3 s late.
    if address.version == 6:
        return TCP6ClientEndpoint(reactor, host, port)
    return TCP4ClientEndpoint(reactor, host, port)
