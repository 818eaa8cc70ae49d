"""One question to the name servers, one answer: UDP, and TCP when it is cut.

Each question has its own socket, so the source port is as random as the message id;
an answer counts only if it comes from the server that was asked and repeats the
question (RFC 5452).
"""

import secrets
import socket
from ipaddress import ip_address
from typing import Any, cast

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeadlineError
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.error import (
    ConnectError,
    ConnectingCancelledError,
    ConnectionClosed,
)
from twisted.internet.interfaces import (
    IReactorFDSet,
    IReactorTime,
    IReadDescriptor,
    ITCPTransport,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from sc.wire.dns import Answer, Code, MessageError, Type, decode_answer, encode_query

PORT = 53
MAX_SERVERS = 3
"""As many as the C library asks (resolv.conf(5), MAXNS)."""

MAX_DATAGRAM = 4096
"""Octets; more than the 1232 that our EDNS field announces."""

ROUNDS = 2

_RCODES = {1: "FORMERR", 2: "SERVFAIL", 4: "NOTIMP", 5: "REFUSED"}


class ExchangeError(Exception):
    """No server gave an answer that can be used; the text is the last one's."""


@frozen
class Server:
    host: str
    port: int = PORT

    def __str__(self) -> str:
        return self.host if self.port == PORT else f"{self.host}:{self.port}"

    @property
    def is_ipv6(self) -> bool:
        return ip_address(self.host).version == 6


@frozen
class Question:
    name: str
    type: Type
    id: int
    edns: bool

    def encode(self) -> bytes:
        return encode_query(self.id, self.name, self.type, edns=self.edns)

    def answered_by(self, octets: bytes) -> Answer | None:
        """The answer in these octets; None if they answer something else."""
        try:
            answer = decode_answer(octets)
        except MessageError:
            return None
        mine = (self.id, self.name, self.type)
        return answer if (answer.id, answer.name, answer.type) == mine else None


@implementer(IReadDescriptor)
class _Datagram:
    """
    Sends one question and waits; what does not answer it is ignored (forged).

    Not `listenUDP`: Twisted logs two lines for each port, and we open one for each
    question. The socket is connected, so the kernel drops what others send.
    """

    def __init__(self, reactor: IReactorFDSet, server: Server, ask: Question) -> None:
        family = socket.AF_INET6 if server.is_ipv6 else socket.AF_INET
        self._reactor, self._question = reactor, ask
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.settimeout(0)
        self._server = server
        self.answered: Deferred[Answer] = Deferred()

    def ask(self) -> None:
        """
        @raise OSError: there is no way to the server.
        """
        self._socket.connect((self._server.host, self._server.port))
        self._socket.send(self._question.encode())
        self._reactor.addReader(self)

    def close(self) -> None:
        self._reactor.removeReader(self)
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def logPrefix(self) -> str:
        return "dns"

    def doRead(self) -> None:
        try:
            octets = self._socket.recv(MAX_DATAGRAM)
        except BlockingIOError:
            return  # A datagram with a wrong checksum woke us (select(2)).
        except OSError:
            self.connectionLost(Failure(ConnectError()))
            return
        answer = self._question.answered_by(octets)
        if answer is not None and not self.answered.called:
            self.answered.callback(answer)

    def connectionLost(self, reason: Failure) -> None:
        """ICMP says that nobody listens there; the epoll reactor tells it so."""
        if not self.answered.called:
            self.answered.errback(Failure(ConnectError()))


class _Stream(Protocol):
    """RFC 1035 4.2.2: the same over TCP, each message after its length."""

    transport: ITCPTransport

    def __init__(self, question: Question) -> None:
        self._question, self._received = question, b""
        self.answered: Deferred[Answer] = Deferred()
        self.lost: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        query = self._question.encode()
        self.transport.write(len(query).to_bytes(2, "big") + query)

    def dataReceived(self, data: bytes) -> None:
        self._received += data
        size = int.from_bytes(self._received[:2], "big")
        if len(self._received) < 2 + size or self.answered.called:
            return
        answer = self._question.answered_by(self._received[2 : 2 + size])
        if answer is None or answer.truncated:
            self.answered.errback(
                Failure(MessageError("not an answer to the question"))
            )
        else:
            self.answered.callback(answer)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if not self.answered.called:
            self.answered.errback(reason)
        self.lost.callback(None)


@frozen
class Exchange:
    """
    @ivar reactor: for sockets and for time.
    @ivar timeout: seconds for all servers and rounds together.
    """

    reactor: IReactorTime
    timeout: float

    async def ask(self, servers: tuple[Server, ...], name: str, wanted: Type) -> Answer:
        """
        The first final answer (a name error is one); each server is asked twice.

        @param name: in the `normal` form of `sc.wire.dns`.
        @raise ExchangeError: none of them gave one in time.
        """
        servers = servers[:MAX_SERVERS]
        share = self.timeout / (len(servers) * ROUNDS)
        problem = "no name server is configured"
        for attempt in range(ROUNDS):
            for server in servers:
                # Old servers refuse EDNS or drop it: the second round goes without.
                question = _question(name, wanted, edns=attempt == 0)
                try:
                    return await self._try(server, question, share)
                except CancelledError:
                    raise
                except _FAILURES as e:
                    problem = f"{server} {_sentence(e)}"
        raise ExchangeError(problem)

    async def _try(self, server: Server, question: Question, share: float) -> Answer:
        answer = await Deferred.fromCoroutine(
            self._converse(server, question)
        ).addTimeout(share, self.reactor)
        if answer.code not in (Code.OK, Code.NAME_ERROR):
            code = _RCODES.get(answer.code, f"code {answer.code}")
            raise ExchangeError(f"answers {code}")
        return answer

    async def _converse(self, server: Server, question: Question) -> Answer:
        answer = await self._datagram(server, question)
        return await self._stream(server, question) if answer.truncated else answer

    async def _datagram(self, server: Server, question: Question) -> Answer:
        datagram = _Datagram(cast(Any, self.reactor), server, question)
        try:
            datagram.ask()
            return await datagram.answered
        finally:
            datagram.close()

    async def _stream(self, server: Server, question: Question) -> Answer:
        endpoint = TCP6ClientEndpoint if server.is_ipv6 else TCP4ClientEndpoint
        connecting = endpoint(
            cast(Any, self.reactor), server.host, server.port, timeout=self.timeout
        ).connect(Factory.forProtocol(lambda: _Stream(question)))
        try:
            protocol = await connecting
        except ConnectingCancelledError:
            raise CancelledError from None  # Endpoints have a word of their own.
        assert isinstance(protocol, _Stream)
        try:
            return await protocol.answered
        finally:
            protocol.transport.abortConnection()
            await protocol.lost


_FAILURES = (
    DeadlineError,
    OSError,
    ConnectError,
    ConnectionClosed,
    MessageError,
    ExchangeError,
)


def _question(name: str, wanted: Type, *, edns: bool) -> Question:
    return Question(name, wanted, secrets.randbelow(1 << 16), edns)


def _sentence(error: Exception) -> str:
    if isinstance(error, DeadlineError):
        return "does not answer"
    if isinstance(error, ConnectError):
        return "cannot be reached"
    return str(error) or type(error).__name__
