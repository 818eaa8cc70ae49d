"""Redis and memcached as far as we use them, with every fault."""

from typing import Protocol, cast

from attrs import define, field
from twisted.internet.interfaces import IReactorTime

from tests.fakes.faults import Fault, FaultyProtocol


@define
class Shelf:
    """
    What a server holds, over all its connections.

    @ivar refusal: an error that it gives to writers.
    @ivar questions: how often it was asked for values.
    @ivar ttls: by key.
    """

    values: dict[bytes, bytes] = field(factory=dict)
    ttls: dict[bytes, int] = field(factory=dict)
    deadlines: dict[bytes, float] = field(factory=dict)
    clock: IReactorTime | None = None
    refusal: bytes = b""
    questions: int = 0

    def _now(self) -> float:
        return 0.0 if self.clock is None else self.clock.seconds()

    def get(self, key: bytes) -> bytes | None:
        return (
            self.values.get(key)
            if self.deadlines.get(key, 1e12) > self._now()
            else None
        )

    def put(self, key: bytes, value: bytes, ttl: int) -> None:
        self.values[key], self.ttls[key] = value, ttl
        self.deadlines[key] = self._now() + ttl

    def add(self, key: bytes, amount: int) -> int | None:
        """None: it holds no number."""
        before = self.get(key) or b"0"
        if not before.isdigit():
            return None
        self.values[key] = b"%d" % (int(before) + amount)
        return int(before) + amount

    def expire(self, key: bytes, ttl: int) -> None:
        self.ttls[key], self.deadlines[key] = ttl, self._now() + ttl


class Building(Protocol):
    def __call__(self, shelf: Shelf, fault: Fault | None = None) -> FaultyProtocol: ...


class FakeRedis(FaultyProtocol):
    """@ivar password: wanted before anything else, if there is one."""

    def __init__(
        self, shelf: Shelf, fault: Fault | None = None, password: bytes = b""
    ) -> None:
        super().__init__(fault)
        self.shelf = shelf
        self.said: list[tuple[bytes, ...]] = []
        self._password, self._inside = password, not password
        self._buffer = b""

    def dataReceived(self, data: bytes) -> None:
        self._buffer += data
        while (command := self._command()) is not None:
            self.said.append(command)
            self.answer(self._answer(*command), close=False)

    def _command(self) -> tuple[bytes, ...] | None:
        """An array of bulk strings, if it is whole."""
        if b"\r\n" not in self._buffer:
            return None
        head, rest = self._buffer.split(b"\r\n", 1)
        words = []
        for _ in range(int(head[1:])):
            if b"\r\n" not in rest:
                return None
            size, rest = rest.split(b"\r\n", 1)
            length = int(size[1:])
            if len(rest) < length + 2:
                return None
            words.append(rest[:length])
            rest = rest[length + 2 :]
        self._buffer = rest
        return tuple(words)

    def _answer(self, verb: bytes, *words: bytes) -> bytes:
        if verb == b"AUTH":
            self._inside = words[-1] == self._password
            return b"+OK\r\n" if self._inside else b"-WRONGPASS invalid pair\r\n"
        if not self._inside:
            return b"-NOAUTH Authentication required.\r\n"
        if verb == b"MGET":
            self.shelf.questions += 1
            found = (self.shelf.get(key) for key in words)
            bulks = (_bulk(value) for value in found)
            return b"*%d\r\n" % len(words) + b"".join(bulks)
        if verb == b"SET":
            if self.shelf.refusal:
                return b"-%b now\r\n" % self.shelf.refusal
            self.shelf.put(words[0], words[1], int(words[3]))
        if verb in (b"INCRBY", b"EXPIRE"):
            return self._count(verb, words[0], int(words[1]))
        return b"+PONG\r\n" if verb == b"PING" else b"+OK\r\n"

    def _count(self, verb: bytes, key: bytes, number: int) -> bytes:
        if verb == b"EXPIRE":
            self.shelf.expire(key, number)
            return b":1\r\n"
        if self.shelf.refusal:
            return b"-%b now\r\n" % self.shelf.refusal
        now = self.shelf.add(key, number)
        return b"-ERR not an integer\r\n" if now is None else b":%d\r\n" % now


def _bulk(value: bytes | None) -> bytes:
    return b"$-1\r\n" if value is None else b"$%d\r\n%b\r\n" % (len(value), value)


class FakeMemcached(FaultyProtocol):
    def __init__(self, shelf: Shelf, fault: Fault | None = None) -> None:
        super().__init__(fault)
        self.shelf = shelf
        self._buffer = b""

    def dataReceived(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n" in self._buffer:
            line, rest = self._buffer.split(b"\r\n", 1)
            verb, *words = line.split(b" ")
            if verb not in (b"set", b"add"):
                self._buffer = rest
                self.answer(self._read(verb, words), close=False)
                continue
            size = int(words[3])
            if len(rest) < size + 2:
                return
            self._buffer = rest[size + 2 :]
            there = verb == b"add" and self.shelf.get(words[0]) is not None
            stored = b"NOT_STORED\r\n" if there else self._write(words, rest[:size])
            self.answer(stored, close=False)

    def _read(self, verb: bytes, keys: list[bytes]) -> bytes:
        if verb == b"version":
            return b"VERSION 1.6.18\r\n"
        if verb == b"incr":
            return self._count(keys[0], int(keys[1]))
        self.shelf.questions += 1
        found = ((key, self.shelf.get(key)) for key in keys)
        lines = [
            b"VALUE %b 0 %d\r\n%b\r\n" % (key, len(value), value)
            for key, value in found
            if value is not None
        ]
        return b"".join(lines) + b"END\r\n"

    def _count(self, key: bytes, amount: int) -> bytes:
        if self.shelf.get(key) is None:
            return b"NOT_FOUND\r\n"
        now = self.shelf.add(key, amount)
        if now is None:
            return b"CLIENT_ERROR cannot increment or decrement non-numeric value\r\n"
        return b"%d\r\n" % now

    def _write(self, words: list[bytes], value: bytes) -> bytes:
        if self.shelf.refusal:
            return b"SERVER_ERROR %b\r\n" % self.shelf.refusal
        self.shelf.put(words[0], value, int(words[2]))
        return b"STORED\r\n"


BUILDING = {
    "redis": cast(Building, FakeRedis),
    "memcached": cast(Building, FakeMemcached),
}
