"""Redis' protocol, the client's side: RESP2, MGET, SET and INCRBY.

https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from attrs import define, field, frozen

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

CRLF = b"\r\n"
NIL = -1


@frozen
class Login:
    """
    What is said before the first question.

    @ivar user: an ACL user (Redis 6); None: the password alone.
    """

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: int = 0

    def commands(self) -> list[tuple[bytes, ...]]:
        words = [w.encode() for w in (self.user, self.password) if w is not None]
        login = [(b"AUTH", *words)] if self.password is not None else []
        select = [(b"SELECT", b"%d" % self.database)] if self.database else []
        # PING: a server that is no Redis, or wants a password, says so now.
        return [*login, *select, (b"PING",)]


@define
class _Get:
    keys: Sequence[bytes]
    found: dict[bytes, bytes] = field(factory=dict)
    seen: int = NIL

    def take(self, element: "_Element") -> Reply | None:
        if self.seen == NIL:
            return self._begin(element)
        if not isinstance(element, _Bulk):
            raise ProtocolError("a value is no bulk string")
        if element.octets is not None:
            self.found[self.keys[self.seen]] = element.octets
        self.seen += 1
        return Values(self.found) if self.seen == len(self.keys) else None

    def _begin(self, element: "_Element") -> Reply | None:
        if isinstance(element, _Error):
            return Refused(f"MGET: {element.code}")
        if element != _Array(len(self.keys)):
            raise ProtocolError("not as many values as keys")
        self.seen = 0
        return None


@define
class _Put:
    """Commands that have a status as their reply; the first refusal counts."""

    verbs: deque[str]
    refused: str = ""

    def take(self, element: "_Element") -> Reply | None:
        verb = self.verbs.popleft()
        if isinstance(element, _Error):
            self.refused = self.refused or f"{verb}: {element.code}"
        elif not isinstance(element, _Status):
            raise ProtocolError(f"{verb} is not answered by a status")
        if self.verbs:
            return None
        return Refused(self.refused) if self.refused else Done()


@define
class _Add:
    """INCRBY and EXPIRE in turn, for each key; the first refusal counts."""

    keys: deque[bytes]
    now: dict[bytes, int] = field(factory=dict)
    refused: str = ""
    expires: bool = False

    def take(self, element: "_Element") -> Reply | None:
        verb = "EXPIRE" if self.expires else "INCRBY"
        if isinstance(element, _Error):
            self.refused = self.refused or f"{verb}: {element.code}"
        elif not isinstance(element, _Integer):
            raise ProtocolError(f"{verb} is not answered by a number")
        elif not self.expires:
            self.now[self.keys[0]] = element.value
        if self.expires:
            self.keys.popleft()
        self.expires = not self.expires
        if self.keys:
            return None
        return Refused(self.refused) if self.refused else Counts(self.now)


@frozen
class _Status:
    pass


@frozen
class _Integer:
    value: int


@frozen
class _Error:
    """@ivar code: its first word; the rest may hold what we said, a password too."""

    code: str


@frozen
class _Bulk:
    octets: bytes | None


@frozen
class _Array:
    count: int


_Element: TypeAlias = _Status | _Integer | _Error | _Bulk | _Array


class RedisCodec:
    """One connection to Redis, or to what speaks like it (Valkey, KeyDB)."""

    def __init__(self, login: Login = Login()) -> None:
        self._login = login
        self._buffer = bytearray()
        self._wanted: deque[_Get | _Put | _Add] = deque()

    def opening(self) -> bytes:
        return self._ask(self._login.commands())

    def get(self, keys: Sequence[bytes]) -> bytes:
        self._wanted.append(_Get(keys))
        return _command(b"MGET", *keys)

    def put(self, values: Mapping[bytes, bytes], ttl: int) -> bytes:
        seconds = b"%d" % ttl
        return self._ask(
            [(b"SET", key, value, b"EX", seconds) for key, value in values.items()]
        )

    def add(self, amounts: Mapping[bytes, int], ttl: int) -> bytes:
        self._wanted.append(_Add(deque(amounts)))
        # Behind each INCRBY: a counter that lost its end gets it back.
        return b"".join(
            _command(b"INCRBY", key, b"%d" % amount)
            + _command(b"EXPIRE", key, b"%d" % ttl)
            for key, amount in amounts.items()
        )

    def _ask(self, commands: Sequence[tuple[bytes, ...]]) -> bytes:
        verbs = deque(words[0].decode("ascii") for words in commands)
        self._wanted.append(_Put(verbs))
        return b"".join(_command(*words) for words in commands)

    def receive_data(self, data: bytes) -> list[Reply]:
        self._buffer += data
        replies = []
        while (element := self._element()) is not None:
            if not self._wanted:
                raise ProtocolError("an answer to nothing")
            reply = self._wanted[0].take(element)
            if reply is not None:
                self._wanted.popleft()
                replies.append(reply)
        return replies

    def _element(self) -> _Element | None:
        """The first one that is whole, taken from the buffer; arrays in parts."""
        end = self._buffer.find(CRLF, 0, MAX_LINE)
        if end < 0:
            if len(self._buffer) >= MAX_LINE:
                raise ProtocolError("a line without end")
            return None
        kind, rest = bytes(self._buffer[:1]), bytes(self._buffer[1:end])
        if kind == b"$":
            return self._bulk(end + 2, _length(rest))
        del self._buffer[: end + 2]
        if kind == b"+":
            return _Status()
        if kind == b":":
            return _Integer(_number(rest))
        if kind == b"-":
            return _Error(plain(rest.split(b" ", 1)[0]))
        if kind == b"*":
            return _Array(_length(rest))
        raise ProtocolError("no RESP2")

    def _bulk(self, start: int, size: int) -> _Bulk | None:
        if size == NIL:
            del self._buffer[:start]
            return _Bulk(None)
        end = start + size
        if len(self._buffer) < end + 2:
            return None
        if self._buffer[end : end + 2] != CRLF:
            raise ProtocolError("a value is longer than it says")
        octets = bytes(self._buffer[start:end])
        del self._buffer[: end + 2]
        return _Bulk(octets)


def _command(*words: bytes) -> bytes:
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        parts += (b"$%d\r\n" % len(word), word, CRLF)
    return b"".join(parts)


def _number(text: bytes) -> int:
    digits = text.removeprefix(b"-")
    if not (digits.isdigit() and len(digits) <= MAX_DIGITS):
        raise ProtocolError("a number is none")
    return int(text)


def _length(text: bytes) -> int:
    if text == b"-1":
        return NIL
    if not (text.isdigit() and len(text) < 10):
        raise ProtocolError("a length is no number")
    if int(text) > MAX_VALUE:
        raise ProtocolError(f"a value has more than {MAX_VALUE} octets")
    return int(text)
