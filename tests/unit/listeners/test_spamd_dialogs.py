"""The dialogue files, played to the protocol class and to a listening port."""

from pathlib import Path

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString, connectProtocol
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from sc.listeners.spamd.service import SpamdService
from sc.listeners.spamd.session import Door
from tests.dialogs.spamd.replay import NAMES, Dialog, End, Peer, play, read
from tests.unit.listeners.spamd_wire import connected


@pytest.mark.parametrize("name", NAMES)
async def test_dialog_with_protocol(name: str) -> None:
    """The protocol class answers as the file says, and not before its turn."""
    dialog = read(name)
    wire = connected(dialog.door())
    play(dialog, Peer(wire.say, wire.fin, wire.value, wire.end))
    wire.lose()


class Client(Protocol):
    """Says its part, and waits for the end."""

    def __init__(self, dialog: Dialog) -> None:
        self._dialog = dialog
        self.heard = b""
        self.over: Deferred[End] = Deferred()

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self._dialog.said)
        if self._dialog.closes:
            self.transport.loseWriteConnection()  # type: ignore[attr-defined]

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.over.callback(End.FIN if reason.check(ConnectionDone) else End.RST)


async def _converse(dialog: Dialog, address: str, door: Door) -> tuple[bytes, End]:
    settings = type(door.settings)(endpoint=(address,), limits=door.settings.limits)
    door = Door(door.flow, door.access, settings, door.offload)
    service = SpamdService(reactor, reactor, door)
    service.startService()
    try:
        [endpoint] = service
        host = endpoint.port.getHost()
        where = getattr(host, "port", None)
        text = f"tcp:127.0.0.1:{where}" if where else f"unix:{host.name.decode()}"
        client = Client(dialog)
        await connectProtocol(clientFromString(reactor, text), client)
        end = await client.over.addTimeout(20, reactor)
        return client.heard, end
    finally:
        await service.stopService()


@pytest.mark.parametrize("name", NAMES)
async def test_dialog_with_port(name: str) -> None:
    """A TCP client gets every octet, and the end that it understands."""
    dialog = read(name)
    client = await _converse(dialog, "tcp:0:interface=127.0.0.1", dialog.door())
    assert client == (dialog.expected, dialog.end)


@pytest.mark.parametrize("name", ["check_spam", "process_1_5", "rspamc_reject"])
async def test_dialog_with_unix_socket(name: str, tmp_path: Path) -> None:
    """A UNIX socket serves the same octets."""
    dialog = read(name)
    client = await _converse(dialog, f"unix:{tmp_path}/s", dialog.door())
    assert client == (dialog.expected, dialog.end)
