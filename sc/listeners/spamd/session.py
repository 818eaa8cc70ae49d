"""One request: takes its body, asks flow, and has the reply."""

from typing import Protocol

from attrs import field, frozen
from twisted.logger import Logger

from sc.access import Access
from sc.content.edit import editing_effort
from sc.flow import Flow
from sc.listeners.intake import Intake
from sc.listeners.spamd.answer import Reply, answer
from sc.listeners.spamd.envelope import envelope_of
from sc.listeners.spamd.settings import SpamdSettings
from sc.model.message import Message
from sc.offload import Offload
from sc.wire.spamd import Code, Command, ProtocolError, Request
from sc.wire.spamd_preamble import PreambleReader
from sc.wire.spamd_reply import PONG


@frozen
class Door:
    """
    What all requests of one listener share.

    @ivar name: the listener's, in logs.
    @ivar spool_dir: for messages above 1 MiB, in files without a name.
    """

    flow: Flow
    access: Access
    settings: SpamdSettings
    offload: Offload
    name: str = "spamd"
    spool_dir: str | None = None
    log: Logger = field(factory=lambda: Logger("sc.listeners.spamd"))


class Session(Protocol):
    """What the protocol gives a request's body to."""

    def take(self, octets: bytes) -> None:
        """The next octets of the body."""
        ...

    async def answer(self) -> Reply:
        """
        The body is whole.

        @raise ProtocolError: there is no such service.
        @raise TryAgainError: no answer; the connection is to be reset.
        """
        ...

    def close(self) -> None:
        """Drop what was kept; safe to call twice."""
        ...


class ScanSession:
    """A message to be scanned."""

    def __init__(self, door: Door, request: Request) -> None:
        self._door = door
        self._request = request
        self._intake = Intake(door.settings.limits.message_size, door.spool_dir)
        self._preamble = PreambleReader()
        # The message that PROCESS gives back must begin as it came.
        self._strips = request.command is not Command.PROCESS

    def take(self, octets: bytes) -> None:
        self._intake.write(self._preamble.feed(octets) if self._strips else octets)

    async def answer(self) -> Reply:
        self._intake.write(self._preamble.finish())
        content = self._intake.finish()
        flow, offload = self._door.flow, self._door.offload
        envelope = envelope_of(self._request, self._preamble.preamble, content)
        message = Message(flow.new_id(), envelope, content, self._door.name)
        outcome = await flow.scan(message)
        return await offload(editing_effort(content), answer, self._request, outcome)

    def close(self) -> None:
        self._intake.close()


@frozen
class FixedSession:
    """A request whose body does not matter: PING, SKIP."""

    reply: Reply

    def take(self, octets: bytes) -> None:
        """Read, because the client sends it."""

    async def answer(self) -> Reply:
        return self.reply

    def close(self) -> None:
        """Nothing was kept."""


class TellSession:
    """spamd's answer to TELL where learning is not allowed, after the whole body."""

    def take(self, octets: bytes) -> None:
        """Read, because the client sends it."""

    async def answer(self) -> Reply:
        raise ProtocolError("TELL commands are not enabled.", Code.UNAVAILABLE)

    def close(self) -> None:
        """Nothing was kept."""


def session_for(door: Door, request: Request) -> Session:
    match request.command:
        case Command.PING:
            return FixedSession(Reply(PONG))
        case Command.SKIP:
            return FixedSession(Reply(b""))
        case Command.TELL:
            return TellSession()
        case _:
            return ScanSession(door, request)
