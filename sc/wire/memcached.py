"""memcached's text protocol, the client's side: get, set, add and incr.

https://github.com/memcached/memcached/blob/master/doc/protocol.txt
"""

import re
from collections import deque
from collections.abc import Mapping, Sequence

from attrs import define, field

from sc.wire.cache_codec import (
    MAX_DIGITS,
    MAX_LINE,
    MAX_VALUE,
    Counts,
    Done,
    ProtocolError,
    Refused,
    Reply,
    Values,
    plain,
)

MAX_KEY = 250
CRLF = b"\r\n"

_VALUE = re.compile(rb"VALUE ([\x21-\x7e]{1,250}) \d{1,10} (\d{1,9})(?: \d{1,20})?")
_CANNOT = b"SERVER_ERROR "
"""Begins the only errors after which the connection is still in step."""

_NO_COUNTER = b"CLIENT_ERROR cannot increment"
"""But for this one: `incr` has no value behind it that could be read as commands."""


@define
class _Get:
    keys: frozenset[bytes]
    found: dict[bytes, bytes] = field(factory=dict)

    def expect(self, line: bytes) -> tuple[bytes, int] | None:
        """The key and the length of the value that follows; None: none follows."""
        match = _VALUE.fullmatch(line)
        if match is None:
            return None
        key, size = match[1], int(match[2])
        if key not in self.keys or key in self.found:
            raise ProtocolError("a value that was not asked for")
        if size > MAX_VALUE:
            raise ProtocolError(f"a value has more than {MAX_VALUE} octets")
        return key, size

    def take(self, line: bytes) -> Reply:
        if line == b"END":
            return Values(self.found)
        if line.startswith(_CANNOT):
            return Refused(f"get: {plain(line)}")
        raise ProtocolError("no answer to get")


@define
class _Put:
    """The first refusal of several counts."""

    verb: str
    good: bytes
    left: int
    refused: str = ""

    def take(self, line: bytes) -> Reply | None:
        if line.startswith((_CANNOT, b"NOT_STORED")):
            self.refused = self.refused or f"{self.verb}: {plain(line)}"
        elif line.split(b" ", 1)[0] != self.good:
            raise ProtocolError(f"no answer to {self.verb}")
        self.left -= 1
        if self.left:
            return None
        return Refused(self.refused) if self.refused else Done()


@define
class _Add:
    """`add`, which begins a counter if there is none, and `incr` in turn."""

    keys: deque[bytes]
    now: dict[bytes, int] = field(factory=dict)
    refused: str = ""
    begun: bool = False

    def take(self, line: bytes) -> Reply | None:
        if not self.begun:
            self._begin(line)
        else:
            self._count(line, self.keys.popleft())
        self.begun = not self.begun
        if self.keys:
            return None
        return Refused(self.refused) if self.refused else Counts(self.now)

    def _begin(self, line: bytes) -> None:
        if line.startswith(_CANNOT):
            self._refuse("add", line)
        elif line not in (b"STORED", b"NOT_STORED"):
            raise ProtocolError("no answer to add")

    def _count(self, line: bytes, key: bytes) -> None:
        if line.isdigit() and len(line) <= MAX_DIGITS + 1:
            self.now[key] = int(line)
        elif line.startswith((_CANNOT, _NO_COUNTER, b"NOT_FOUND")):
            self._refuse("incr", line)
        else:
            raise ProtocolError("no answer to incr")

    def _refuse(self, verb: str, line: bytes) -> None:
        self.refused = self.refused or f"{verb}: {plain(line)}"


class MemcachedCodec:
    """One connection to memcached."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._wanted: deque[_Get | _Put | _Add] = deque()

    def opening(self) -> bytes:
        self._wanted.append(_Put("version", b"VERSION", 1))
        return b"version\r\n"

    def get(self, keys: Sequence[bytes]) -> bytes:
        """@param keys: of at most `MAX_KEY` printable octets, without blanks."""
        self._wanted.append(_Get(frozenset(keys)))
        return b"get " + b" ".join(keys) + CRLF

    def put(self, values: Mapping[bytes, bytes], ttl: int) -> bytes:
        self._wanted.append(_Put("set", b"STORED", len(values)))
        return b"".join(
            b"set %b 0 %d %d\r\n%b\r\n" % (key, ttl, len(value), value)
            for key, value in values.items()
        )

    def add(self, amounts: Mapping[bytes, int], ttl: int) -> bytes:
        self._wanted.append(_Add(deque(amounts)))
        return b"".join(
            b"add %b 0 %d 1\r\n0\r\nincr %b %d\r\n" % (key, ttl, key, amount)
            for key, amount in amounts.items()
        )

    def receive_data(self, data: bytes) -> list[Reply]:
        self._buffer += data
        replies = []
        while (line := self._line()) is not None:
            if not self._wanted:
                raise ProtocolError("an answer to nothing")
            reply = self._wanted[0].take(line)
            if reply is not None:
                self._wanted.popleft()
                replies.append(reply)
        return replies

    def _line(self) -> bytes | None:
        """The next line that announces no value; values before it are taken."""
        while (end := self._buffer.find(CRLF, 0, MAX_LINE)) >= 0:
            line = bytes(self._buffer[:end])
            wanted = self._wanted[0] if self._wanted else None
            coming = wanted.expect(line) if isinstance(wanted, _Get) else None
            if coming is None:
                del self._buffer[: end + 2]
                return line
            assert isinstance(wanted, _Get)
            if not self._value(wanted, coming, end + 2):
                return None
        if len(self._buffer) >= MAX_LINE:
            raise ProtocolError("a line without end")
        return None

    def _value(self, wanted: _Get, coming: tuple[bytes, int], start: int) -> bool:
        key, size = coming
        end = start + size
        if len(self._buffer) < end + 2:
            return False
        if self._buffer[end : end + 2] != CRLF:
            raise ProtocolError("a value is longer than it says")
        wanted.found[key] = bytes(self._buffer[start:end])
        del self._buffer[: end + 2]
        return True
