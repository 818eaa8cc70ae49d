"""The HTTP door on a real port: who is inside, how they leave, and real clients."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import treq
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.interfaces import IReactorTime, ITCPTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.web.client import HTTPConnectionPool

from sc.access import Access
from sc.flow import Flow
from sc.listeners.endpoint import EndpointService
from sc.listeners.http.door import Door
from sc.listeners.http.service import HttpService
from sc.listeners.http.settings import HttpLimits, HttpSettings
from sc.offload import Offload
from tests.fakes.flow import SPAM, stub_flow
from tests.fakes.http_door import (
    QUESTIONS,
    STATUSES,
    FakeDesks,
    FakeGate,
    FakeIncidents,
    FakeOutbox,
    parse_replies,
)
from tests.fakes.inline_threads import InlineThreads

_REACTOR = cast(Any, reactor)  # its interfaces say less than it can


class Talk(Protocol):
    """
    @ivar received: what we were told.
    @ivar lost: fires with the connection's end.
    """

    transport: ITCPTransport

    def __init__(self) -> None:
        self.received = b""
        self.lost: Deferred[None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.callback(None)


async def no_metrics() -> bytes:
    return b""


def service(flow: Flow, clock: IReactorTime = _REACTOR, **limits: Any) -> HttpService:
    settings = HttpSettings(
        endpoint=("tcp:0:interface=127.0.0.1",), limits=HttpLimits(**limits)
    )
    outbox = FakeOutbox()
    access = Access()
    threads = cast(Any, InlineThreads())
    offload = Offload(threads, threads)
    door = Door(
        flow,
        access,
        settings,
        clock,
        outbox,
        FakeGate(),
        offload,
        statuses=lambda: STATUSES,
        readiness=lambda: (),
        metrics=no_metrics,
        questions=QUESTIONS,
        answers=FakeDesks(),
        desks=FakeDesks(),
        incidents=FakeIncidents(),
    )
    return HttpService(_REACTOR, door)


def port_of(door: HttpService) -> int:
    (endpoint,) = door.services
    assert isinstance(endpoint, EndpointService)
    return int(cast(Any, endpoint.port).getHost().port)


async def talk(door: HttpService) -> Talk:
    where = HostnameEndpoint(_REACTOR, b"127.0.0.1", port_of(door))
    client: Talk = await connectProtocol(where, Talk())
    return client


@asynccontextmanager
async def running(door: HttpService) -> AsyncIterator[HttpService]:
    door.privilegedStartService()
    door.startService()
    try:
        yield door
    finally:
        await door.stopService()


async def test_treq() -> None:
    """A real client keeps its connection, posts, and understands the answers."""
    pool = HTTPConnectionPool(_REACTOR)
    async with running(service(stub_flow(SPAM, clock=_REACTOR))) as door:
        url = f"http://127.0.0.1:{port_of(door)}"
        for _ in range(2):
            answer = await treq.post(f"{url}/scan", data=b"x", pool=pool)
            assert answer.code == 200
            assert answer.headers.getRawHeaders("X-SC-Action") == ["reject"]
            assert [one["name"] for one in await answer.json()] == ["stub"]
        await pool.closeCachedConnections()


async def test_refused_upload_is_read() -> None:
    """A client that is still sending gets its 413, and not a reset."""
    async with running(service(stub_flow(), message_size=65536)) as door:
        client = await talk(door)
        client.transport.write(
            b"POST /scan HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 9000000
        )
        await client.lost
        (reply,) = parse_replies(client.received)
        assert (reply.status, reply.error) == (
            413,
            "the body is larger than 65536 octets",
        )


async def test_client_leaves_in_its_scan() -> None:
    """The scanners stop when nobody waits any more."""
    flow = stub_flow(clock=Clock(), delay=60.0)
    door = service(flow)
    async with running(door):
        client = await talk(door)
        client.transport.write(b"POST /scan HTTP/1.1\r\nContent-Length: 1\r\n\r\nx")
        while not flow.seen:
            await turn()
        client.transport.abortConnection()
        while len(door.site.crowd):
            await turn()
        assert flow.pipeline.cancelled == 1


async def test_stop_with_a_request_inside() -> None:
    """A request that has begun is answered, idle connections end, nobody comes in."""
    clock = Clock()
    flow = stub_flow(clock=clock, delay=1.0)
    door = service(flow)
    door.privilegedStartService()
    door.startService()
    idle, busy = await talk(door), await talk(door)
    busy.transport.write(b"POST /scan HTTP/1.1\r\nContent-Length: 1\r\n\r\nx")
    while not flow.seen:
        await turn()
    stopping = door.stopService()
    await idle.lost
    assert not stopping.called
    clock.advance(1.0)
    await stopping
    await busy.lost
    (reply,) = parse_replies(busy.received)
    assert (reply.status, reply.fields["connection"]) == (200, "close")


async def test_stop_does_not_wait_for_ever() -> None:
    """After the limit, whoever is inside is cut off."""
    clock = Clock()
    flow = stub_flow(clock=Clock(), delay=900.0)
    door = service(flow, clock, drain_timeout=20.0)
    door.privilegedStartService()
    door.startService()
    client = await talk(door)
    client.transport.write(b"POST /scan HTTP/1.1\r\nContent-Length: 1\r\n\r\nx")
    while not flow.seen:
        await turn()
    stopping = door.stopService()
    await turn()
    clock.advance(20.0)
    await stopping
    await client.lost
    assert client.received == b""
    assert flow.pipeline.cancelled == 1


async def turn() -> None:
    """Let the reactor look at its sockets."""
    waiting: Deferred[None] = Deferred()
    _REACTOR.callLater(0, waiting.callback, None)
    await waiting
