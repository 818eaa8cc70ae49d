"""A milter that verifies what it need not understand; it can fail in seven ways."""

from collections.abc import Mapping
from struct import pack

from sc.wire.milter import (
    VERSION,
    Actions,
    Command,
    PacketReader,
    Reply,
    Steps,
    packet,
    strings,
)
from tests.fakes.faults import Fault, FaultyProtocol

SILENT = {
    Command.CONNECT: Steps.SILENT_CONNECT,
    Command.HELO: Steps.SILENT_HELO,
    Command.MAIL: Steps.SILENT_MAIL,
    Command.RECIPIENT: Steps.SILENT_RECIPIENT,
    Command.FIELD: Steps.SILENT_FIELD,
    Command.END_OF_HEADER: Steps.SILENT_END_OF_HEADER,
    Command.BODY: Steps.SILENT_BODY,
}


class FakeMilter(FaultyProtocol):
    """
    Takes every signature of a message for right if `Bob.` stands in the body.

    @ivar steps: what it wants of the protocol.
    @ivar says: in place of `continue`, to a command.
    @ivar edits: at the end of a message, before what it says.
    @ivar seen: every command with its data.
    """

    def __init__(
        self,
        fault: Fault | None = None,
        *,
        steps: Steps | None = None,
        says: Mapping[Command, bytes] | None = None,
        edits: bytes | None = None,
    ) -> None:
        super().__init__(fault)
        self.steps, self.says = steps or Steps(0), dict(says or {})
        self.edits = edits
        self.seen: list[tuple[Command, bytes]] = []
        self._reader = PacketReader()

    def dataReceived(self, data: bytes) -> None:
        for code, told in self._reader.feed(data):
            self._command(Command(code), told)

    def _command(self, command: Command, data: bytes) -> None:
        self.seen.append((command, data))
        if command is Command.NEGOTIATE:
            offer = pack("!III", VERSION, Actions.ADD_FIELDS, self.steps)
            self.answer(packet(Reply.NEGOTIATE, offer), close=False)
        elif command is Command.QUIT:
            self.transport.loseConnection()
        elif command is Command.END_OF_MESSAGE:
            edits = self._verdict() if self.edits is None else self.edits
            self._say(edits + self.says.get(command, packet(Reply.CONTINUE)))
        elif command is not Command.MACROS and not self._is_silent(command):
            self._say(self.says.get(command, packet(Reply.CONTINUE)))

    def _is_silent(self, command: Command) -> bool:
        return bool(SILENT[command] & self.steps)

    def _say(self, octets: bytes) -> None:
        self.transport.write(octets)

    def told(self, command: Command) -> list[bytes]:
        return [data for seen, data in self.seen if seen is command]

    def _verdict(self) -> bytes:
        signed = any(b"d=sender.example" in f for f in self.told(Command.FIELD))
        right = b"Bob." in b"".join(self.told(Command.BODY))
        word = ("pass" if right else "fail") if signed else "none"
        value = f"mx.example.net;\n\tdkim={word}"
        if signed:
            value += ' (2048-bit key) header.d=sender.example header.b="a;b"'
        field = strings(b"Authentication-Results", value.encode())
        return packet(Reply.INSERT_FIELD, pack("!I", 1) + field)
