"""A client that says any octets to a door of the daemon, and hears what comes back."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol, ITCPTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from tests.integration.daemon import PATIENCE

_REACTOR = cast(Any, reactor)


@implementer(IHalfCloseableProtocol)
class RawClient(Protocol):
    """
    @ivar heard: all octets that came.
    @ivar reset: the door did not close, it broke off.
    """

    transport: ITCPTransport

    def __init__(self) -> None:
        self.heard = b""
        self.over = self.reset = self.finished = False
        self._waiting: list[tuple[Callable[[], bool], Deferred[None]]] = []

    def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.transport.write(piece)

    def close_half(self) -> None:
        """A FIN, as spamc and Exim send before they read."""
        self.transport.loseWriteConnection()

    async def hears(self, pattern: bytes) -> None:
        """Return when it has been said; fails if the door hangs up before."""
        await self._until(lambda: self._said(pattern) or self.over)
        assert self._said(pattern), self.heard

    async def end(self) -> bytes:
        """All that was said until the door had nothing more to say."""
        await self._until(lambda: self.finished or self.over)
        return self.heard

    async def leave(self) -> None:
        self.transport.abortConnection()
        await self._until(lambda: self.over)

    def _said(self, pattern: bytes) -> bool:
        return re.search(pattern, self.heard, re.DOTALL) is not None

    async def _until(self, condition: Callable[[], bool]) -> None:
        if not condition():
            changed: Deferred[None] = Deferred()
            self._waiting.append((condition, changed))
            await changed.addTimeout(PATIENCE, _REACTOR)

    def _look(self) -> None:
        ready = [entry for entry in self._waiting if entry[0]()]
        self._waiting = [entry for entry in self._waiting if entry not in ready]
        for _, changed in ready:
            changed.callback(None)

    # -- Twisted calls

    def dataReceived(self, data: bytes) -> None:
        self.heard += data
        self._look()

    def readConnectionLost(self) -> None:
        self.finished = True
        self._look()

    def writeConnectionLost(self) -> None:
        """Our own FIN is out."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.over = True
        self.reset = not reason.check(ConnectionDone)
        self._look()


@asynccontextmanager
async def client(port: int) -> AsyncIterator[RawClient]:
    """Connected; gone at the end."""
    raw = RawClient()
    endpoint = TCP4ClientEndpoint(_REACTOR, "127.0.0.1", port)
    await connectProtocol(endpoint, raw)
    try:
        yield raw
    finally:
        await raw.leave()


async def talk(port: int, *pieces: bytes, half: bool = False) -> bytes:
    """Say all of it, and return all that is answered until the door closes."""
    async with client(port) as raw:
        raw.say(*pieces)
        if half:
            raw.close_half()
        return await raw.end()


def http(
    path: str, body: bytes, *fields: str, kind: str = "message/rfc822", host: str = ""
) -> bytes:
    """A whole POST after which the door is to close."""
    lines = (
        f"POST {path} HTTP/1.1",
        f"Host: {host or 'localhost'}",
        "Connection: close",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        *fields,
    )
    return "\r\n".join([*lines, "", ""]).encode() + body


def spamc(command: str, body: bytes, protocol: str = "SPAMC/1.5") -> bytes:
    head = f"{command} {protocol}\r\nContent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def transaction(
    message: bytes,
    hello: str = "LHLO",
    recipients: tuple[str, ...] = ("bob@example.net",),
) -> bytes:
    """A whole session, pipelined; the message is dot-stuffed and ends in CRLF."""
    lines = (
        f"{hello} client.example",
        "MAIL FROM:<alice@example.org>",
        *(f"RCPT TO:<{address}>" for address in recipients),
        "DATA",
        "",
    )
    stuffed = message.replace(b"\r\n.", b"\r\n..")
    return "\r\n".join(lines).encode() + stuffed + b".\r\nQUIT\r\n"
