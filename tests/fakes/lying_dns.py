"""A name server that lies about what it sends, as the first label of a name wants it.

UDP and TCP say the same, but that a lie may cut its datagram to make the client come
by TCP. `honest` and all other names get a TXT record.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from struct import pack
from typing import Any, cast

from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.interfaces import ITCPTransport, IUDPTransport
from twisted.internet.protocol import DatagramProtocol

from tests.fakes.faults import FaultyProtocol, Serving

TEXT = b"v=spf1 -all"
_REACTOR = cast(Any, reactor)
_HEAD = 12
_TXT = 16
_NAME = b"\xc0\x0c"
_LONG = (b"\x3f" + b"a" * 63) * 5 + b"\0"


def _answer(question: bytes, rest: bytes, count: int = 1, flags: int = 0x8180) -> bytes:
    """@param question: the identifier and, behind it, the question."""
    return question[:2] + pack(">5H", flags, 1, count, 0, 0) + question[2:] + rest


def _record(data: bytes, size: int | None = None, name: bytes = _NAME) -> bytes:
    length = len(data) if size is None else size
    return name + pack(">HHIH", _TXT, 1, 300, length) + data


def _string(text: bytes, size: int | None = None) -> bytes:
    return bytes((len(text) if size is None else size,)) + text


HONEST = _record(_string(TEXT))


def _pointers(question: bytes) -> bytes:
    """Each leads to the one before it, and the last is a record's name."""
    start = _HEAD + len(question) - 2 + len(_record(b""))
    chain = [0xC00C, *(0xC000 | start + 2 * n for n in range(500))]
    data = b"".join(pack(">H", one) for one in chain)
    last = pack(">H", 0xC000 | start + 2 * 500)
    return _answer(question, _record(data) + last + HONEST[2:], 2)


LIES: Mapping[str, Callable[[bytes], bytes]] = {
    "long-record": lambda q: _answer(q, _record(_string(TEXT), 0xFFFF)),
    "short-record": lambda q: _answer(q, _record(_string(TEXT), 3)),
    "long-string": lambda q: _answer(q, _record(_string(TEXT, 255))),
    "many-records": lambda q: _answer(q, HONEST, 0xFFFF),
    "no-records": lambda q: _answer(q, b"", 1),
    "to-itself": lambda q: _answer(q, pack(">H", 0xC000 | _HEAD + len(q) - 2) * 9),
    "in-a-ring": lambda q: _answer(
        q, pack(">H", 0xC000 | _HEAD + len(q)) + pack(">H", 0xC000 | _HEAD + len(q) - 2)
    ),
    "outside": lambda q: _answer(q, _record(b"", name=b"\xff\xff")),
    "long-label": lambda q: _answer(q, _record(b"", name=b"\x7f" + b"a" * 99)),
    "long-name": lambda q: _answer(q, _record(b"", name=_LONG)),
    "pointers": _pointers,
    "cut-head": lambda q: _answer(q, b"")[:5],
    "empty": lambda q: b"",
    "other-id": lambda q: _answer(bytes((q[0] ^ 1,)) + q[1:], HONEST),
    "other-name": lambda q: _answer(q[:3] + b"x" + q[4:], HONEST),
}
"""By their first label: what answers a question."""

FRAMES: Mapping[str, Callable[[bytes], bytes]] = {
    "frame-long": lambda octets: b"\xff\xff" + octets,
    "frame-short": lambda octets: b"\x00\x05" + octets,
    "frame-none": lambda octets: b"\x00\x00" * 9,
    "frame-half": lambda octets: pack(">H", len(octets)) + octets[:-1],
}
"""What TCP makes of an honest answer, after UDP was cut."""


def _question(query: bytes) -> tuple[str, bytes]:
    """The first label, and the identifier with the question."""
    label = query[_HEAD + 1 : _HEAD + 1 + query[_HEAD]].decode()
    end = query.index(b"\0", _HEAD) + 5
    return label, query[:2] + query[_HEAD:end]


def _told(query: bytes) -> tuple[str, bytes]:
    label, question = _question(query)
    lie = LIES.get(label.removeprefix("tcp-"))
    return label, lie(question) if lie else _answer(question, HONEST)


class _Datagrams(DatagramProtocol):
    transport: IUDPTransport

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        label, octets = _told(datagram)
        if label.startswith(("tcp-", "frame-")):
            octets = _answer(_question(datagram)[1], b"", 0, 0x8380)
        self.transport.write(octets, addr)


class _Streams(FaultyProtocol):
    transport: ITCPTransport

    def dataReceived(self, data: bytes) -> None:
        label, octets = _told(data[2:])
        plain = pack(">H", len(octets)) + octets
        frame = FRAMES.get(label)
        self.answer(frame(octets) if frame else plain, close=True)


@asynccontextmanager
async def lying_dns() -> AsyncIterator[str]:
    """Its address, for `resolver.servers`."""
    factory = Serving(_Streams)
    tcp = _REACTOR.listenTCP(0, factory, interface="127.0.0.1")
    number = tcp.getHost().port
    udp = _REACTOR.listenUDP(number, _Datagrams(), interface="127.0.0.1")
    try:
        yield f"127.0.0.1:{number}"
    finally:
        await udp.stopListening()
        await tcp.stopListening()
        for protocol in factory.connections:
            if not protocol.lost.called:
                protocol.transport.abortConnection()
                await protocol.lost
