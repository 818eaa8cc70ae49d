"""clamd, as far as zPING and zINSTREAM go; it can fail in seven ways."""

from tests.fakes.faults import Fault, FaultyProtocol

EICAR_CORE = b"EICAR-STANDARD-ANTIVIRUS" + b"-TEST-FILE!"
SIGNATURE = b"Eicar-Test-Signature.UNOFFICIAL"


class FakeClamd(FaultyProtocol):
    """
    Finds EICAR.

    @ivar limit: octets of a stream, as StreamMaxLength.
    @ivar reply: said instead of its own answer to a stream.
    @ivar pings: without a fault, so that only messages fail.
    """

    def __init__(
        self,
        fault: Fault | None = None,
        *,
        limit: int = 25 << 20,
        reply: bytes | None = None,
        pings: bool = False,
    ) -> None:
        super().__init__(fault)
        self._limit, self._reply, self._pings = limit, reply, pings
        self._buffer = b""
        self._stream: bytearray | None = None
        self._answered = False

    def dataReceived(self, data: bytes) -> None:
        if self._answered:
            return
        self._buffer += data
        if self._stream is None and not self._read_command():
            return
        while len(self._buffer) >= 4 and not self._answered:
            size = int.from_bytes(self._buffer[:4], "big")
            if len(self._buffer) < 4 + size and size <= self._limit:
                return
            self._chunk(size)

    def _read_command(self) -> bool:
        command, nul, rest = self._buffer.partition(b"\0")
        if not nul:
            return False
        if command == b"zPING":
            self.fault = None if self._pings else self.fault
            self._say(b"PONG\0")
            return False
        if command != b"zINSTREAM":
            self._say(b"UNKNOWN COMMAND\0")
            return False
        self._stream, self._buffer = bytearray(), rest
        return True

    def _chunk(self, size: int) -> None:
        assert self._stream is not None
        if len(self._stream) + size > self._limit:
            self._say(b"INSTREAM size limit exceeded. ERROR\0")
            return
        if size == 0:
            found = EICAR_CORE in self._stream
            verdict = b"stream: " + SIGNATURE + b" FOUND\0" if found else None
            self._say(self._reply or verdict or b"stream: OK\0")
            return
        self._stream += self._buffer[4 : 4 + size]
        self._buffer = self._buffer[4 + size :]

    def _say(self, reply: bytes) -> None:
        self._answered = True
        self.answer(reply)
