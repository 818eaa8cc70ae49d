"""sc.net.stream_exchange: one request, one reply, and every way in which that fails."""

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IStreamClientEndpoint,
)
from twisted.internet.task import Clock, deferLater
from zope.interface import implementer
from zope.interface.verify import verifyObject

from sc.net.stream_exchange import (
    Exchange,
    ExchangeError,
    Question,
    UnreachableError,
    client_endpoint,
)
from tests.fakes.faults import (
    AnyPeer,
    Fault,
    FaultyProtocol,
    faulty,
    refusing,
    serving,
)

REPLY = b"fine\0"


def question(**changes: object) -> Question:
    given = {
        "request": lambda: [b"how ", b"are you?"],
        "limit": 1000,
        "terminator": b"\0",
    }
    return Question(**{**given, **changes})  # type: ignore[arg-type]


def exchange(*addresses: str, clock: Clock | None = None) -> Exchange:
    endpoints = [client_endpoint(reactor, address) for address in addresses]
    return Exchange(clock or Clock(), endpoints)


async def until(condition: Callable[[], object]) -> None:
    """Let the reactor turn until something holds, at most a few hundred times."""
    for _ in range(500):
        if condition():
            return
        await deferLater(cast(Any, reactor), 0.005)
    pytest.fail("it never happened")


async def test_reply_to_a_terminator() -> None:
    """The reply ends where the protocol says, not where the peer closes."""
    async with serving(Patient) as (address, _):
        assert await exchange(address).ask(question(), 5.0) == b"how are you?\0"


class Patient(FaultyProtocol):
    """Answers what it got when it is whole, and keeps the connection open."""

    def __init__(self, fault: Fault | None = None) -> None:
        super().__init__(fault)
        self.received = b""

    def dataReceived(self, data: bytes) -> None:
        self.received += data
        if self.received.endswith(b"?"):
            self.answer(self.received + b"\0", close=False)


async def test_reply_to_the_close() -> None:
    """Without a terminator the peer's close ends the reply."""
    async with faulty(None, REPLY) as address:
        reply = await exchange(address).ask(question(terminator=None), 5.0)
    assert reply == REPLY


@implementer(IHalfCloseableProtocol)
class AtEof(FaultyProtocol):
    """Answers how much it got when the client closes its half, and only then."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def dataReceived(self, data: bytes) -> None:
        self.count += len(data)

    def readConnectionLost(self) -> None:
        self.answer(b"%d\0" % self.count)

    def writeConnectionLost(self) -> None:
        pass


async def test_half_close_and_a_large_request() -> None:
    """A long request is streamed whole, and its end is told by closing our half."""
    pieces = [bytes(65536)] * 64
    async with serving(AtEof) as (address, _):
        asked = question(request=lambda: pieces, half_close=True)
        assert await exchange(address).ask(asked, 5.0) == b"4194304\0"


async def test_request_waits_for_the_peer() -> None:
    """A peer that does not read stops us from reading the message into memory."""
    taken: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(1000):
            taken.append(number)
            yield bytes(65536)

    async with serving(Deaf) as (address, _):
        work = Deferred.fromCoroutine(
            exchange(address).ask(question(request=pieces), 5.0)
        )
        work.addErrback(lambda failure: failure.trap(CancelledError))
        await until(lambda: taken)
        for _ in range(20):
            await deferLater(cast(Any, reactor), 0.005)
        assert len(taken) < 500
        work.cancel()


class Deaf(FaultyProtocol):
    """Never reads."""

    def connectionMade(self) -> None:
        cast(Any, self.transport).pauseProducing()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.RESET, "broke the connection off"),
        (Fault.TRUNCATE, "closed in the middle"),
        (Fault.OVERSIZE, "longer than 1000 octets"),
    ],
)
async def test_faults_are_named(fault: Fault, words: str) -> None:
    """A peer that resets, cuts its answer or floods us is an error that says so."""
    async with faulty(fault, REPLY) as address:
        with pytest.raises(ExchangeError, match=words):
            await exchange(address).ask(question(), 5.0)


async def test_silent_close() -> None:
    """A peer that closes and says nothing has not answered."""
    async with faulty(None, b"") as address:
        with pytest.raises(ExchangeError, match="without an answer"):
            await exchange(address).ask(question(terminator=None), 5.0)


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.DRIP])
async def test_deadline(fault: Fault) -> None:
    """A peer that hangs or drips is left at the deadline, and its connection closed."""
    clock = Clock()
    async with serving(lambda: AnyPeer(fault, REPLY, b"")) as (address, factory):
        work = Deferred.fromCoroutine(exchange(address, clock=clock).ask(question(), 5))
        await until(lambda: factory.connections)
        clock.advance(4.9)
        assert not work.called
        clock.advance(0.2)
        with pytest.raises(ExchangeError, match="no whole answer within 5 s"):
            await work
        await until(lambda: factory.connections[0].lost.called)


async def test_cancelled_while_waiting() -> None:
    """When nobody waits for the reply any more, the connection is closed."""
    async with serving(lambda: AnyPeer(Fault.HANG, REPLY, b"")) as (address, factory):
        work = Deferred.fromCoroutine(exchange(address).ask(question(), 5.0))
        await until(lambda: factory.connections)
        work.cancel()
        with pytest.raises(CancelledError):
            await work
        await until(lambda: factory.connections[0].lost.called)


@pytest.mark.parametrize("fault", [Fault.REFUSE, Fault.RESET, Fault.TRUNCATE])
async def test_failed_server_is_passed_over(fault: Fault) -> None:
    """The next server gets the whole question, though the first had it already."""
    async with faulty(fault, REPLY) as failing, serving(Patient) as (alive, _):
        asked = exchange(failing, alive)
        assert await asked.ask(question(), 5.0) == b"how are you?\0"
        assert [s.interface for s in asked.statuses()] == ["network", "network"]


async def test_answer_that_is_none() -> None:
    """What cannot be read is no answer: the next server is asked, too."""

    def parse(octets: bytes) -> bytes:
        if octets == REPLY:
            return b"parsed"
        raise ValueError("it speaks another language")

    async with faulty(None, b"what?\0") as strange, faulty(None, REPLY) as alive:
        both = exchange(strange, alive)
        assert await both.read(question(), parse, 5.0) == b"parsed"
        await both.probe(question(), parse, 5.0)
        with pytest.raises(ExchangeError, match="another language"):
            await exchange(strange).read(question(), parse, 5.0)


async def test_all_refuse() -> None:
    """With no server left the error says why, without an address."""
    async with refusing() as dead:
        with pytest.raises(UnreachableError, match=r"^it refuses connections$"):
            await exchange(dead, dead).ask(question(), 5.0)


class Blackhole:
    """An endpoint that never connects."""

    def connect(self, factory: object) -> Deferred[object]:
        return Deferred()


class Broken:
    """An endpoint that fails in a way that nobody foresaw."""

    def connect(self, factory: object) -> Deferred[object]:
        failed: Deferred[object] = Deferred()
        failed.errback(RuntimeError("/secret/path"))
        return failed


async def test_connect_timeout() -> None:
    """A server that swallows connections costs the connect timeout, no more."""
    clock = Clock()
    asked = Exchange(clock, [Blackhole(), Broken()], 2.0)  # type: ignore[list-item]
    work = Deferred.fromCoroutine(asked.ask(question(), 30.0))
    clock.advance(2.0)
    with pytest.raises(UnreachableError, match=r"^it cannot be reached$"):
        await work
    asked = Exchange(clock, [Blackhole()], 2.0)  # type: ignore[list-item]
    work = Deferred.fromCoroutine(asked.ask(question(), 30.0))
    clock.advance(2.0)
    with pytest.raises(UnreachableError, match="no connection within 2 s"):
        await work


async def test_cancelled_while_connecting() -> None:
    """Whoever stops waiting gets no answer of another kind."""
    asked = Exchange(Clock(), [Blackhole()])  # type: ignore[list-item]
    work = Deferred.fromCoroutine(asked.ask(question(), 30.0))
    work.cancel()
    with pytest.raises(CancelledError):
        await work


async def test_unix_socket(tmp_path: Path) -> None:
    """A path is a UNIX socket."""
    socket = tmp_path / "peer"
    async with serving(lambda: AnyPeer(None, REPLY, b""), socket) as (address, _):
        assert await exchange(address).ask(question(), 5.0) == REPLY


async def test_planted_socket(tmp_path: Path) -> None:
    """A socket in a folder that everybody may write is never asked."""
    folder = tmp_path / "shared"
    folder.mkdir()
    socket = folder / "peer"
    async with serving(lambda: AnyPeer(None, REPLY, b""), socket) as (address, _):
        folder.chmod(stat.S_IRWXU | stat.S_IRWXO | stat.S_ISVTX)
        with pytest.raises(UnreachableError, match="everybody may write"):
            await exchange(address).ask(question(), 5.0)


async def test_missing_socket(tmp_path: Path) -> None:
    """A socket that is not there is told without its path."""
    with pytest.raises(UnreachableError, match=r"^its socket does not exist$"):
        await exchange(str(tmp_path / "none")).ask(question(), 5.0)


@pytest.mark.parametrize(
    "server", ["/run/x", "[::1]:783", "127.0.0.1:783", "spamd.example.org:783"]
)
def test_endpoints_keep_their_promise(server: str) -> None:
    """Every form of server is an endpoint that Twisted would take."""
    assert verifyObject(IStreamClientEndpoint, client_endpoint(reactor, server))


async def test_host_name() -> None:
    """A server may be named."""
    async with faulty(None, REPLY) as address:
        port = address.rpartition(":")[2]
        asked = exchange(f"localhost:{port}")
        assert await asked.ask(question(), 5.0) == REPLY
