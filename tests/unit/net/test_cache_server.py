"""sc.net.cache_server: a server that fails in any way costs a moment, once."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from attrs import define, field
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock, deferLater
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import implementer

from sc.net.cache_connection import MAX_WAITING
from sc.net.cache_server import FIRST_PAUSE, LONGEST_PAUSE, CacheServer
from sc.net.stream_exchange import ExchangeError, client_endpoint
from sc.wire.memcached import MemcachedCodec
from sc.wire.redis import Login, RedisCodec
from tests.fakes.cache_servers import BUILDING, FakeRedis, Shelf
from tests.fakes.faults import AFTER_CONNECT, Fault, Serving, refusing, serving

CODECS = {"redis": RedisCodec, "memcached": MemcachedCodec}
SLOW = {Fault.HANG, Fault.DRIP}
PAUSE = 0.01
PATIENCE = 60.0


@implementer(ILogObserver)
@define
class Lines:
    """What the operator reads of cache servers."""

    seen: list[str] = field(factory=list)

    def __call__(self, event: LogEvent) -> None:
        if "cache server" in str(event.get("log_format")):
            self.seen.append(formatEvent(event))


@pytest.fixture
def lines() -> Iterator[list[str]]:
    watching = Lines()
    globalLogPublisher.addObserver(watching)
    yield watching.seen
    globalLogPublisher.removeObserver(watching)


@define
class Peer:
    """A server of ours and the fake behind it; the fake's connections can fail."""

    kind: str
    shelf: Shelf
    clock: Clock
    server: CacheServer
    serving: Serving

    async def get(self) -> dict[bytes, bytes]:
        return dict(await self.server.get((b"a",)))

    async def put(self) -> None:
        await self.server.put({b"a": b"1"}, 60)

    async def until(self, connections: int) -> None:
        """Return when so many connections were accepted."""
        waited = 0.0
        while len(self.serving.connections) < connections:
            assert waited < PATIENCE, "nobody connects"
            waited += PAUSE
            await deferLater(reactor, PAUSE)


@asynccontextmanager
async def peer(kind: str, fault: Fault | None = None) -> AsyncIterator[Peer]:
    shelf, clock = Shelf(), Clock()
    async with serving(lambda: BUILDING[kind](shelf, fault)) as (address, factory):
        server = CacheServer(
            "cache.example",
            lambda: client_endpoint(reactor, address),
            CODECS[kind],
            clock,
            0.5,
        )
        try:
            yield Peer(kind, shelf, clock, server, factory)
        finally:
            await server.close()


@pytest.fixture(params=list(CODECS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_one_connection(kind: str) -> None:
    """Questions go over one connection, which is opened by the first."""
    async with peer(kind) as there:
        await there.put()
        asking = [Deferred.fromCoroutine(there.get()) for _ in range(50)]
        assert [await a for a in asking] == [{b"a": b"1"}] * 50
        assert len(there.serving.connections) == 1
        assert there.shelf.ttls == {b"a": 60}


@pytest.mark.parametrize("fault", AFTER_CONNECT)
@pytest.mark.parametrize("opened", [False, True])
async def test_fault(kind: str, fault: Fault, opened: bool, lines: list[str]) -> None:
    """It knows nothing, is left alone, is asked again, and is told of once."""
    async with peer(kind, None if opened else fault) as there:
        if opened:
            await there.put()
            there.serving.connections[0].fault = fault
        work = Deferred.fromCoroutine(there.get())
        await there.until(1)
        if fault in SLOW:
            there.clock.advance(0.5)
        assert await work == {}
        count = len(there.serving.connections)
        assert await there.get() == {}
        await there.put()
        assert len(there.serving.connections) == count, "it was not left alone"
        assert len(lines) == 1
        assert "going on without it until it answers" in lines[0]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault.HANG, "no answer within 0.5 s"),
        (Fault.RESET, "it closed the connection"),
        (Fault.GARBAGE, "it does not speak our protocol"),
        (Fault.TRUNCATE, "it closed the connection"),
        (Fault.OVERSIZE, "it does not speak our protocol: a line without end"),
    ],
)
async def test_words(kind: str, fault: Fault, told: str, lines: list[str]) -> None:
    """The operator reads what the server did."""
    async with peer(kind, fault) as there:
        work = Deferred.fromCoroutine(there.get())
        await there.until(1)
        if fault in SLOW:
            there.clock.advance(0.5)
        await work
    assert f"cache.example: {told}" in lines[0]


async def test_back(kind: str, lines: list[str]) -> None:
    """It is asked again after a pause, which grows; when it answers, that is told."""
    async with peer(kind, Fault.RESET) as there:
        pause = FIRST_PAUSE
        for n in range(1, 10):
            await there.get()
            assert len(there.serving.connections) == n
            there.clock.advance(pause - 0.01)
            await there.get()
            assert len(there.serving.connections) == n
            there.clock.advance(0.02)
            pause = min(pause * 2, LONGEST_PAUSE)
        assert len(lines) == 1
        shelf = there.shelf
        there.serving._build = lambda: BUILDING[kind](shelf)
        await there.put()
        assert await there.get() == {b"a": b"1"}
        assert lines[1:] == ["cache server cache.example answers again"]


async def test_clock_that_jumps_back(lines: list[str]) -> None:
    """A day less on the clock is no day without the cache."""
    async with peer("redis", Fault.RESET) as there:
        there.clock.advance(86_400.0)
        await there.get()
        there.clock.rightNow -= 86_400.0
        await there.get()
        assert len(there.serving.connections) == 2
        assert len(lines) == 1


async def test_nobody_listens(lines: list[str]) -> None:
    """A server that is not there is told of in its own words."""
    async with refusing() as address:
        server = CacheServer(
            address, lambda: client_endpoint(reactor, address), RedisCodec, Clock(), 9.0
        )
        assert await server.get((b"a",)) == {}
        assert "it refuses connections" in lines[0]


async def test_restart_between_questions(kind: str, lines: list[str]) -> None:
    """A connection that was closed while idle is opened anew without a word."""
    async with peer(kind) as there:
        await there.put()
        connection = there.serving.connections[0]
        connection.transport.loseConnection()
        await connection.lost
        waited = 0.0
        while there.server._open:
            assert (waited := waited + PAUSE) < PATIENCE
            await deferLater(reactor, PAUSE)
        assert await there.get() == {b"a": b"1"}
        assert (len(there.serving.connections), lines) == (2, [])


async def test_refused_writes(kind: str, lines: list[str]) -> None:
    """A full or read-only server is still read; that it takes nothing is told once."""
    async with peer(kind) as there:
        await there.put()
        there.shelf.refusal = b"OOM"
        for _ in range(3):
            await there.put()
            assert await there.get() == {b"a": b"1"}
        there.shelf.refusal = b""
        await there.put()
        assert len(lines) == 2
        assert "refuses writes (" in lines[0]
        assert "OOM" in lines[0]
        assert lines[1] == "cache server cache.example takes writes again"


async def test_counters(kind: str, lines: list[str]) -> None:
    """It counts, with a time to live; a server that refuses knows no number."""
    async with peer(kind) as there:
        assert await there.server.add({b"n": 2}, 60) == {b"n": 2}
        assert await there.server.add({b"n": 1, b"m": 0}, 60) == {b"n": 3, b"m": 0}
        assert there.shelf.ttls == {b"n": 60, b"m": 60}
        there.shelf.refusal = b"OOM"
        assert await there.server.add({b"new": 1}, 60) == {}
        assert "refuses counts (" in lines[0]
        assert "OOM" in lines[0]


@pytest.mark.parametrize("fault", AFTER_CONNECT)
async def test_counters_of_a_faulty_server(kind: str, fault: Fault) -> None:
    """Whatever it does, no number is known, and nobody waits longer than for others."""
    async with peer(kind) as there:
        await there.put()
        there.serving.connections[0].fault = fault
        work = Deferred.fromCoroutine(there.server.add({b"n": 1}, 60))
        if fault in SLOW:
            there.clock.advance(0.5)
        assert await work == {}


async def test_one_who_leaves(kind: str) -> None:
    """The reply to one who has left is not taken for another's."""
    async with peer(kind) as there:
        await there.put()
        leaving = Deferred.fromCoroutine(there.server.get((b"x",)))
        staying = Deferred.fromCoroutine(there.get())
        leaving.cancel()
        with pytest.raises(CancelledError):
            await leaving
        assert await staying == {b"a": b"1"}
        assert len(there.serving.connections) == 1


async def test_leaving_before_it_is_open(kind: str, lines: list[str]) -> None:
    """If nobody waits for the opening any more, the connection is given up."""
    async with peer(kind, Fault.HANG) as there:
        work = Deferred.fromCoroutine(there.get())
        await there.until(1)
        work.cancel()
        with pytest.raises(CancelledError):
            await work
        await there.serving.connections[0].lost
        assert lines == []


async def test_too_many_questions(kind: str, lines: list[str]) -> None:
    """Above the bound the cache knows nothing, and is not ill."""
    async with peer(kind) as there:
        await there.put()
        there.serving.connections[0].fault = Fault.HANG
        waiting = [Deferred.fromCoroutine(there.get()) for _ in range(MAX_WAITING)]
        assert await there.get() == {}
        assert lines == []
        there.clock.advance(0.5)
        for work in waiting:
            assert await work == {}
        assert len(lines) == 1


async def test_closed() -> None:
    """After the end it opens no connection any more."""
    async with peer("redis") as there:
        await there.put()
        await there.server.close()
        assert await there.get() == {}
        assert len(there.serving.connections) == 1


@pytest.mark.parametrize(
    ("login", "told"),
    [(Login(), "PING: NOAUTH"), (Login("u", "wrong"), "AUTH: WRONGPASS")],
)
async def test_wrong_password(login: Login, told: str, lines: list[str]) -> None:
    """A server that does not let us in is told of with its reason."""
    make = lambda: FakeRedis(Shelf(), password=b"secret")  # noqa: E731
    async with serving(make) as (address, _):
        server = CacheServer(
            "redis.example",
            lambda: client_endpoint(reactor, address),
            lambda: RedisCodec(login),
            Clock(),
            9.0,
        )
        assert await server.get((b"a",)) == {}
        await server.close()
    assert f"redis.example: it refuses us ({told})" in lines[0]


async def test_codec_that_cannot_be_made(lines: list[str]) -> None:
    """A password that cannot be read is as a server that is down."""

    def codec() -> RedisCodec:
        raise ExchangeError("password_file cannot be read: No such file or directory")

    endpoint = lambda: client_endpoint(reactor, "127.0.0.1:1")  # noqa: E731
    server = CacheServer("redis.example", endpoint, codec, Clock(), 9.0)
    assert await server.get((b"a",)) == {}
    assert "password_file cannot be read" in lines[0]
