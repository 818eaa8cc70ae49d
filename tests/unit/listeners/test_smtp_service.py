"""The LMTP and SMTP listener as a service: it listens, and it leaves in good order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from sc.listeners.smtp.service import SmtpService
from sc.listeners.smtp.session import Door
from sc.listeners.smtp.settings import SmtpLimits
from tests.fakes.flow import stub_flow
from tests.fakes.smtp_client import MemoryClient
from tests.fakes.smtp_dialog import Dialog, dialogs
from tests.fakes.smtp_door import FakeNextHop, door, settings

TAKEN = "250 2.0.0 taken"
STOPPING = "421 4.3.2 stopping, try again later"


class Reader(Protocol):
    """Collects what the door says, until it hangs up."""

    def __init__(self) -> None:
        self.said = b""
        self.closed: Deferred[bytes] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.said += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.closed.callback(self.said)


@asynccontextmanager
async def listening(it: Door) -> AsyncIterator[SmtpService]:
    service = SmtpService(reactor, reactor, it)
    service.privilegedStartService()
    service.startService()
    try:
        yield service
    finally:
        await service.stopService()


async def connect(endpoint: str) -> Reader:
    reader: Reader = await clientFromString(reactor, endpoint).connect(
        Factory.forProtocol(Reader)
    )
    return reader


@pytest.mark.parametrize("dialog", dialogs(), ids=lambda d: d.name)
async def test_dialog_on_a_socket(dialog: Dialog, tmp_path: Path) -> None:
    """Every dialogue runs over a listening socket, up to the end of its connection."""
    path = str(tmp_path / "door")
    given = settings(dialog.protocol, endpoint=(f"unix:{path}",))
    async with listening(door(given, next_hop=FakeNextHop())):
        reader = await connect(f"unix:{path}")
        assert reader.transport is not None
        reader.transport.write(b"".join(turn.sent for turn in dialog.turns))
        said = await reader.closed
    assert said == b"".join(turn.expected for turn in dialog.turns)


async def test_two_endpoints(tmp_path: Path) -> None:
    """One listener may have several addresses; an idle client is told that we stop."""
    paths = [f"unix:{tmp_path / name}" for name in ("a", "b")]
    async with listening(door(settings(endpoint=tuple(paths)))) as service:
        readers = [await connect(path) for path in paths]
        while len(service.factory.crowd) < 2:
            await _turn()
    for reader in readers:
        lines = (await reader.closed).decode().splitlines()
        assert lines == ["220 mx.example.org LMTP sc", STOPPING]


async def _turn() -> None:
    """Let the reactor see what its sockets have."""
    turned: Deferred[None] = Deferred()
    reactor.callLater(0, turned.callback, None)
    await turned


async def test_drain_lets_a_message_end() -> None:
    """A message in progress is answered before we hang up; nothing new begins."""
    clock = Clock()
    flow = stub_flow(clock=clock, delay=1)
    client = MemoryClient(door(settings(), flow, FakeNextHop()))
    client.send("bob@example.org")
    draining = Deferred.fromCoroutine(client.factory.crowd.leave())
    client.say("MAIL FROM:<x@example.com>")
    clock.advance(1)
    assert client.heard() == [TAKEN, STOPPING]
    client.leave()
    await draining
    assert client.clock.getDelayedCalls() == []


async def test_drain_in_the_middle_of_data() -> None:
    """A message that is on its way to us may still arrive."""
    client = MemoryClient(door(settings(), next_hop=FakeNextHop()))
    client.ask("bob@example.org")
    draining = Deferred.fromCoroutine(client.factory.crowd.leave())
    assert client.heard() == []
    assert client.say("Subject: x", "", ".") == [TAKEN, STOPPING]
    client.leave()
    await draining


async def test_drain_has_a_bound() -> None:
    """A client that does not end its message does not keep us from stopping."""
    given = settings(limits=SmtpLimits(drain_timeout=20))
    client = MemoryClient(door(given))
    client.ask("bob@example.org")
    draining = Deferred.fromCoroutine(client.factory.crowd.leave())
    client.clock.advance(19)
    assert client.transport.aborted is False
    client.clock.advance(1)
    before = client.transport.aborted
    client.leave()
    await draining
    assert before


async def test_drain_of_an_empty_house() -> None:
    """With nobody inside there is nothing to wait for."""
    client = MemoryClient(door(settings()))
    client.leave()
    await client.factory.crowd.leave()
    assert client.clock.getDelayedCalls() == []
