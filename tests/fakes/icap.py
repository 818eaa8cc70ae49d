"""An ICAP service that finds EICAR; it can fail in seven ways."""

import re

from tests.fakes.clamd import EICAR_CORE
from tests.fakes.faults import Fault, FaultyProtocol

OPTIONS = (
    b"ICAP/1.0 200 OK\r\nMethods: RESPMOD, REQMOD\r\nService: fake\r\n"
    b'ISTag: "fake-1"\r\nMax-Connections: 5\r\nPreview: 1024\r\nAllow: 204\r\n'
    b"Encapsulated: null-body=0\r\n\r\n"
)
CLEAN = b'ICAP/1.0 204 Unmodified\r\nISTag: "fake-1"\r\n\r\n'
CONTINUE = b"ICAP/1.0 100 Continue\r\n\r\n"
PAGE = b"HTTP/1.0 403 Forbidden\r\nContent-Type: text/html\r\n\r\n"
_CHUNK = re.compile(rb"([0-9a-f]+)\r\n")
_LAST = b"0\r\n\r\n"


def answer(*fields: bytes, http: bytes = PAGE, body: bytes | None = b"no") -> bytes:
    """A 200 that sends something back."""
    kind = b"null-body" if body is None else b"res-body"
    head = b"\r\n".join((b"ICAP/1.0 200 OK", b'ISTag: "fake-1"', *fields))
    chunk = b"" if body is None else b"%x\r\n%s\r\n" % (len(body), body) + _LAST
    parts = b"\r\nEncapsulated: res-hdr=0, %s=%d\r\n\r\n" % (kind, len(http))
    return head + parts + http + chunk


def found(name: bytes = b"Eicar-Test-Signature") -> bytes:
    return answer(b"X-Infection-Found: Type=0; Resolution=2; Threat=" + name + b";")


class FakeICAP(FaultyProtocol):
    """
    @ivar options: said to OPTIONS.
    @ivar reply: said instead of its own answer to a message.
    @ivar pings: without a fault at OPTIONS, so that only messages fail.
    @ivar request: everything that came.
    @ivar message: what it was shown, put together.
    """

    def __init__(
        self,
        fault: Fault | None = None,
        *,
        options: bytes = OPTIONS,
        reply: bytes | None = None,
        pings: bool = False,
    ) -> None:
        super().__init__(fault)
        self._options, self._reply, self._pings = options, reply, pings
        self._buffer, self._body_at = b"", -1
        self.request, self.message = b"", b""

    def dataReceived(self, data: bytes) -> None:
        self.request += data
        self._buffer += data
        while self._step():
            pass

    def _step(self) -> bool:
        if self._body_at < 0:
            return self._read_head()
        if self._buffer.startswith((_LAST, b"0; ieof\r\n\r\n")):
            self._end_of_body()
            return bool(self._buffer)
        match = _CHUNK.match(self._buffer)
        if match is None or match[1] == b"0":
            return False
        end = match.end() + int(match[1], 16)
        if len(self._buffer) < end + 2:
            return False
        self.message += self._buffer[match.end() : end]
        assert self._buffer[end : end + 2] == b"\r\n"
        self._buffer = self._buffer[end + 2 :]
        return True

    def _read_head(self) -> bool:
        head, blank, rest = self._buffer.partition(b"\r\n\r\n")
        if not blank:
            return False
        if head.startswith(b"OPTIONS icap://localhost/avscan ICAP/1.0\r\n"):
            self._buffer = rest
            if self._pings:
                self.write(self._options)
            else:
                self.answer(self._options, close=False)
            return bool(rest)
        match = re.search(rb"re[qs]-body=(\d+)", head)
        assert match is not None, head
        self._body_at = int(match[1])
        assert len(rest) >= self._body_at
        self._preview, self._buffer = b"Preview:" in head, rest[self._body_at :]
        return True

    def _end_of_body(self) -> None:
        last = self._buffer.startswith(b"0; ieof") or not self._preview
        self._buffer = self._buffer.partition(b"\r\n\r\n")[2]
        if last:
            virus = EICAR_CORE in self.message
            self.answer(self._reply or (found() if virus else CLEAN), close=False)
        else:
            self._preview = False
            self.write(CONTINUE)

    def write(self, octets: bytes) -> None:
        """Whatever the fault is."""
        self.transport.write(octets)
