"""DNS messages (RFC 1035, EDNS by RFC 6891): a query, and what an answer says.

Written here because Twisted's decoder does not bound names: 64 KiB of records that
point into one long name keep it busy for eleven seconds (measured).
"""

import struct
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address
from typing import TypeAlias

from attrs import frozen

MAX_NAME = 255  # RFC 1035 2.3.4
MAX_LABEL = 63
MAX_RECORDS = 200
"""Records that we read of an answer; a real one for one name has far fewer."""

UDP_SIZE = 1232
"""The datagram that every path carries unfragmented (DNS flag day 2020)."""

_HEADER = struct.Struct(">6H")
_QUESTION = struct.Struct(">HH")
_RECORD = struct.Struct(">HHIH")
_IN = 1
_OPT = 41
_RESPONSE, _TRUNCATED, _RECURSE = 0x8000, 0x0200, 0x0100


class MessageError(ValueError):
    """The octets are no DNS message that we can use; the text says why."""


class Type(IntEnum):
    A = 1
    CNAME = 5
    SOA = 6
    PTR = 12
    MX = 15
    TXT = 16
    AAAA = 28


class Code(IntEnum):
    """The response codes that we tell apart; RFC 1035 4.1.1."""

    OK = 0
    NAME_ERROR = 3


@frozen
class MailExchange:
    """
    @ivar preference: the smallest is tried first (RFC 5321 5.1).
    @ivar host: "" says that the domain takes no mail (RFC 7505).
    """

    preference: int
    host: str


Data: TypeAlias = IPv4Address | IPv6Address | MailExchange | str | bytes


@frozen
class Record:
    """
    @ivar name: lower case, without the final dot.
    @ivar ttl: seconds.
    @ivar data: an address, a name, a mail exchange; of TXT its strings in one; the
        raw octets of a type that we do not read.
    """

    name: str
    type: int
    ttl: int
    data: Data


@frozen
class Answer:
    """
    @ivar negative_ttl: seconds for which "there is none" may be believed (RFC 2308
        section 5), None if the zone does not say.
    """

    id: int
    name: str
    type: int
    code: int
    truncated: bool
    records: tuple[Record, ...]
    negative_ttl: int | None = None


def normal(name: str) -> str:
    """
    A host name as it is compared: ASCII, lower case, no final dot.

    @raise MessageError: it cannot be asked for.
    """
    name = name.rstrip(".").lower()
    if not name.isascii():
        raise MessageError("not in its ASCII form")
    if not name or len(name) > MAX_NAME - 2:
        raise MessageError("empty or longer than 253 octets")
    if any(not 0 < len(label) <= MAX_LABEL for label in name.split(".")):
        raise MessageError("a label is empty or longer than 63 octets")
    if any(not " " < c < "\x7f" for c in name):
        raise MessageError("a space or control character in the name")
    return name


def encode_query(message_id: int, name: str, wanted: Type, *, edns: bool) -> bytes:
    """
    A recursive query for a name of `normal` form.

    @param edns: offer `UDP_SIZE`; some old servers answer FORMERR to it.
    """
    head = _HEADER.pack(message_id, _RECURSE, 1, 0, 0, int(edns))
    labels = b"".join(
        bytes((len(label),)) + label for label in name.encode("ascii").split(b".")
    )
    query = head + labels + b"\0" + _QUESTION.pack(wanted, _IN)
    if edns:
        query += b"\0" + _RECORD.pack(_OPT, UDP_SIZE, 0, 0)
    return query


def decode_answer(octets: bytes) -> Answer:
    """
    Read a response to one question.

    @raise MessageError: cut, malformed, a query, or for more than one question.
    """
    try:
        return _Reader(octets).answer()
    except (struct.error, IndexError) as e:
        raise MessageError("cut short") from e


class _Reader:
    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def _unpack(self, form: struct.Struct) -> tuple[int, ...]:
        values = form.unpack_from(self._octets, self._at)
        self._at += form.size
        return values

    def answer(self) -> Answer:
        message_id, flags, questions, answers, authority, _ = self._unpack(_HEADER)
        if not flags & _RESPONSE or questions != 1:
            raise MessageError("not a response to one question")
        name = self._name()
        wanted, _class = self._unpack(_QUESTION)
        truncated = bool(flags & _TRUNCATED)
        if truncated:  # RFC 2181 9: what is there must not be used.
            return Answer(message_id, name, wanted, flags & 15, truncated, ())
        if answers > MAX_RECORDS:
            raise MessageError(f"{answers} records in one answer")
        records = [self._record() for _ in range(answers)]
        negative_ttl = None if answers else self._negative_ttl(authority)
        return Answer(
            message_id,
            name,
            wanted,
            flags & 15,
            truncated,
            tuple(r for r in records if r is not None),
            negative_ttl,
        )

    def _negative_ttl(self, count: int) -> int | None:
        for _ in range(min(count, MAX_RECORDS)):
            record = self._record()
            if record is not None and record.type == Type.SOA:
                # RFC 2308 5: the smaller of the SOA's TTL and its MINIMUM.
                minimum = self._octets[self._at - 4 : self._at]
                return min(record.ttl, int.from_bytes(minimum, "big"))
        return None

    def _record(self) -> Record | None:
        """The next record; None if it is not of the internet's class."""
        name = self._name()
        kind, class_, ttl, length = self._unpack(_RECORD)
        start, end = self._at, self._at + length
        if end > len(self._octets):
            raise MessageError("cut short")
        data = self._data(kind, start, end)
        self._at = end
        # RFC 2181 8: a TTL with the highest bit set is zero.
        ttl = ttl if ttl < 1 << 31 else 0
        return Record(name, kind, ttl, data) if class_ == _IN else None

    def _data(self, kind: int, start: int, end: int) -> Data:
        raw = self._octets[start:end]
        if kind in (Type.CNAME, Type.PTR):
            return self._name()
        if kind == Type.A:
            return IPv4Address(_sized(raw, 4))
        if kind == Type.AAAA:
            return IPv6Address(_sized(raw, 16))
        if kind == Type.MX:
            self._at += 2
            return MailExchange(int.from_bytes(_sized(raw[:2], 2), "big"), self._name())
        if kind == Type.TXT:
            return _strings(raw)
        if kind == Type.SOA:
            _sized(raw[-20:], 20)
        return raw

    def _name(self) -> str:
        """
        RFC 1035 4.1.4. Pointers lead backwards only and names end at 255 octets, so
        no answer can make us run in a ring or read one octet a thousand times.
        """
        labels: list[bytes] = []
        at, size, after = self._at, 1, None
        while (length := self._octets[at]) != 0:
            if length & 0xC0 == 0xC0:
                target = (length & 0x3F) << 8 | self._octets[at + 1]
                after = at + 2 if after is None else after
                if target >= at:
                    raise MessageError("a compression pointer that leads forwards")
                at = target
                size += 1  # Chains of bare pointers count too.
            elif length > MAX_LABEL:
                raise MessageError("an unknown kind of label")
            else:
                labels.append(_sized(self._octets[at + 1 : at + 1 + length], length))
                at += 1 + length
                size += 1 + length
            if size > MAX_NAME:
                raise MessageError("a name longer than 255 octets")
        self._at = at + 1 if after is None else after
        return b".".join(labels).decode("latin-1").lower()


def _strings(raw: bytes) -> bytes:
    """RFC 1035 3.3.14; what is long was cut into strings of 255 (RFC 7208 3.3)."""
    strings, at = [], 0
    while at < len(raw):
        length = raw[at]
        strings.append(_sized(raw[at + 1 : at + 1 + length], length))
        at += 1 + length
    return b"".join(strings)


def _sized(raw: bytes, length: int) -> bytes:
    if len(raw) != length:
        raise MessageError("a field of the wrong length")
    return raw
