"""The seven ways in which a peer fails, and a server that fails in each of them.

A fake of a real service subclasses `FaultyProtocol` and sends its replies through
`answer`; a client that only needs any failing peer meets `faulty()`.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import Enum
from pathlib import Path
from typing import Any, cast

from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, ITCPTransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure


class Fault(Enum):
    REFUSE = "nothing listens"
    HANG = "accepts, reads, and never answers"
    RESET = "resets the connection in place of the answer"
    GARBAGE = "answers octets that no protocol knows"
    TRUNCATE = "closes in the middle of the answer"
    DRIP = "sends an octet from time to time and never ends"
    OVERSIZE = "answers without end"


GARBAGE = b"\x15\x03\xff\xfe<\x80>;{garbage\r\n\r\n\x00"
OVERSIZE_OCTETS = 10 * 1024 * 1024
_REACTOR = cast(Any, reactor)  # its interfaces say less than it can

PACE = 0.02
"""Seconds between two octets of a drip; the client's own clock is a fake one."""

AFTER_CONNECT = [fault for fault in Fault if fault is not Fault.REFUSE]


class FaultyProtocol(Protocol):
    """
    A server connection whose answers can fail.

    @ivar fault: None: it does its work.
    """

    transport: ITCPTransport

    def __init__(self, fault: Fault | None = None) -> None:
        self.fault = fault
        self._drip = LoopingCall(self._drop)
        self._dripping = b""
        self.lost: Deferred[None] = Deferred()

    def answer(self, reply: bytes, *, close: bool = True) -> None:
        """Send a reply, or what the fault makes of it; `close` ends the connection."""
        if self.fault in (Fault.HANG, Fault.REFUSE):
            return
        if self.fault is Fault.RESET:
            self.transport.abortConnection()
        elif self.fault is Fault.DRIP:
            self._dripping = reply or b"?"
            self._start_drip()
        else:
            self.transport.write(_spoiled(reply, self.fault))
            if close or self.fault is not None:
                self.transport.loseConnection()

    def _start_drip(self) -> None:
        if not self._drip.running:
            self._drip.start(PACE)

    def _drop(self) -> None:
        """Everything but the last octet, which never comes."""
        if len(self._dripping) > 1:
            self.transport.write(self._dripping[:1])
            self._dripping = self._dripping[1:]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._drip.running:
            self._drip.stop()
        if not self.lost.called:
            self.lost.callback(None)


def _spoiled(reply: bytes, fault: Fault | None) -> bytes:
    if fault is Fault.GARBAGE:
        return GARBAGE
    if fault is Fault.TRUNCATE:
        return reply[: len(reply) // 2]
    if fault is Fault.OVERSIZE:
        return b"A" * OVERSIZE_OCTETS
    return reply


class AnyPeer(FaultyProtocol):
    """Answers the first octets that it gets with the same reply, whatever they are."""

    def __init__(self, fault: Fault | None, reply: bytes, greeting: bytes) -> None:
        super().__init__(fault)
        self._reply, self._greeting = reply, greeting
        self._answered = False

    def connectionMade(self) -> None:
        if self._greeting:
            self.transport.write(self._greeting)

    def dataReceived(self, data: bytes) -> None:
        if not self._answered:
            self._answered = True
            self.answer(self._reply)


class Serving(Factory):
    """
    @ivar connections: every connection that was ever made, for what a test asks.
    """

    noisy = False

    def __init__(self, build: Callable[[], FaultyProtocol]) -> None:
        self._build = build
        self.connections: list[FaultyProtocol] = []

    def buildProtocol(self, addr: IAddress | None) -> FaultyProtocol:
        protocol = self._build()
        protocol.factory = self
        self.connections.append(protocol)
        return protocol


@asynccontextmanager
async def serving(
    build: Callable[[], FaultyProtocol], path: Path | None = None
) -> AsyncIterator[tuple[str, Serving]]:
    """
    Listen on a free port of 127.0.0.1, or on a UNIX socket at `path`.

    Yields where ("127.0.0.1:4711" or "/path") and the factory. Leaves no port and
    no connection behind.
    """
    factory = Serving(build)
    port: Any
    if path is None:
        port = _REACTOR.listenTCP(0, factory, interface="127.0.0.1")
        address = f"127.0.0.1:{port.getHost().port}"
    else:
        port = _REACTOR.listenUNIX(str(path), factory)
        address = str(path)
    try:
        yield address, factory
    finally:
        await port.stopListening()
        for protocol in factory.connections:
            if not protocol.lost.called:
                protocol.transport.abortConnection()
                await protocol.lost


@asynccontextmanager
async def refusing() -> AsyncIterator[str]:
    """An address of 127.0.0.1 on which nothing listens."""
    async with serving(FaultyProtocol) as (address, _):
        pass
    yield address


@asynccontextmanager
async def faulty(
    fault: Fault | None, reply: bytes = b"", greeting: bytes = b""
) -> AsyncIterator[str]:
    """The address of a peer of any protocol that fails in this way."""
    if fault is Fault.REFUSE:
        async with refusing() as address:
            yield address
        return
    async with serving(lambda: AnyPeer(fault, reply, greeting)) as (address, _):
        yield address
