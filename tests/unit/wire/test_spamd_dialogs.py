"""The dialogue files, played to the codec and the sessions, without a transport."""

import pytest
from twisted.internet.defer import Deferred

from sc.listeners.spamd.answer import Reply, TryAgainError
from sc.listeners.spamd.session import Door, Session, session_for
from sc.wire.spamd import BodyReceived, ProtocolError, RequestReceived
from sc.wire.spamd_server import SpamdServer
from tests.dialogs.spamd.replay import NAMES, End, Peer, play, read


class Codec:
    """The codec with a session behind it, and nothing else."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.server = SpamdServer(door.settings.limits.message_size)
        self.session: Session | None = None
        self.out = b""
        self.end: End | None = None

    def say(self, octets: bytes) -> None:
        self._run(self.server.receive_data(octets))

    def close(self) -> None:
        self._run(self.server.receive_eof())

    def _run(self, events: object) -> None:
        try:
            for event in events:  # type: ignore[attr-defined]
                self._take(event)
        except ProtocolError as e:
            self._end(b"" if e.reset else self.server.error_line(e), reset=e.reset)
        except TryAgainError:
            self._end(b"", reset=True)

    def _take(self, event: object) -> None:
        if isinstance(event, RequestReceived):
            self.session = session_for(self.door, event.request)
        elif isinstance(event, BodyReceived):
            assert self.session is not None
            self.session.take(event.octets)
        else:
            assert self.session is not None
            reply = now(self.session)
            self._end(reply.octets + reply.rest[reply.start :])

    def _end(self, octets: bytes, *, reset: bool = False) -> None:
        self.out += octets
        self.end = End.RST if reset else End.FIN


def now(session: Session) -> Reply:
    """The answer of a flow that decides at once."""
    results: list[object] = []
    Deferred.fromCoroutine(session.answer()).addBoth(results.append)
    failure = getattr(results[0], "value", None)
    if isinstance(failure, Exception):
        raise failure
    assert isinstance(results[0], Reply)
    return results[0]


@pytest.mark.parametrize("name", NAMES)
async def test_dialog(name: str) -> None:
    """The codec answers as the file says, and not before its turn."""
    dialog = read(name)
    codec = Codec(dialog.door())
    play(dialog, Peer(codec.say, codec.close, lambda: codec.out, lambda: codec.end))


@pytest.mark.parametrize("name", NAMES)
async def test_dialog_octet_by_octet(name: str) -> None:
    """The answer does not depend on how the network cut the request."""
    dialog = read(name)
    codec = Codec(dialog.door())
    for octet in dialog.said:
        codec.say(bytes([octet]))
    if dialog.closes:
        codec.close()
    assert (codec.out, codec.end) == (dialog.expected, dialog.end)
