"""A real DNS server on 127.0.0.1, UDP and TCP, whose zone is a dict.

    {"host.example": ["192.0.2.1", "2001:db8::1"], "www.host.example": "host.example"}

A list holds addresses or other records: "TXT some text", "MX 10 mx.example" and
"PTR host.example". A text is an alias (CNAME), a `Trouble` is an error code. Names
outside of the zone do not exist. `faults` lets one name fail; a `Fault` for the
whole server is in `serving_dns`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import Enum
from ipaddress import ip_address
from typing import Any, TypeAlias, cast

from attrs import define, field
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import DatagramProtocol
from twisted.names import dns
from twisted.names.common import ResolverBase
from twisted.names.server import DNSServerFactory
from twisted.python.failure import Failure

from tests.fakes.faults import GARBAGE, Fault


class Trouble(Enum):
    """What a server may answer in place of records."""

    SERVFAIL = dns.ESERVER
    REFUSED = dns.EREFUSED
    FORMERR = dns.EFORMAT
    NOTIMP = dns.ENOTIMP


Zone: TypeAlias = Mapping[str, Sequence[str] | str | Trouble]

_REACTOR = cast(Any, reactor)
_MANY = 300
"""Records of an answer that is too large for UDP; `oversize` answers have more."""


def _payload(text: str, ttl: int) -> Any:
    kind, _, rest = text.partition(" ")
    if kind == "TXT":
        octets = rest.encode()
        strings = [octets[at : at + 255] for at in range(0, len(octets), 255)]
        return dns.Record_TXT(*strings, ttl=ttl)
    if kind == "MX":
        preference, _, host = rest.partition(" ")
        return dns.Record_MX(int(preference), host, ttl)
    if kind == "PTR":
        return dns.Record_PTR(rest, ttl)
    if ip_address(text).version == 4:
        return dns.Record_A(text, ttl)
    return dns.Record_AAAA(text, ttl)


def _record(name: str, text: str, ttl: int) -> Any:
    payload = _payload(text, ttl)
    return dns.RRHeader(name, payload.TYPE, dns.IN, ttl, payload, auth=True)


def _soa(name: str, ttl: int) -> Any:
    payload = dns.Record_SOA(mname="ns.example", rname="root.example", minimum=ttl)
    zone = name.partition(".")[2] or name
    return dns.RRHeader(zone, dns.SOA, dns.IN, ttl, payload, auth=True)


@define
class ZoneResolver(ResolverBase):
    """
    @ivar asked: (name, type) of every question, in order.
    @ivar follow: whether an answer holds the target of an alias as well.
    """

    zone: Zone
    ttl: int = 300
    follow: bool = True
    asked: list[tuple[str, str]] = field(factory=list)

    def query(self, query: Any, timeout: Any = None) -> Deferred[Any]:
        name = query.name.name.decode().lower()
        self.asked.append((name, dns.QUERY_TYPES.get(query.type, str(query.type))))
        if isinstance(entry := self.zone.get(name), Trouble):
            return fail(dns.DomainError(entry))
        answers, exists = self._answers(name, query.type)
        if not exists:
            return fail(dns.DomainError(None))
        return succeed((answers, [] if answers else [_soa(name, self.ttl)], []))

    def _answers(self, name: str, wanted: int) -> tuple[list[Any], bool]:
        answers: list[Any] = []
        for _ in range(10):
            entry = self.zone.get(name)
            if entry is None:
                return answers, bool(answers)
            if not isinstance(entry, str):
                found = [_record(name, text, self.ttl) for text in cast(Any, entry)]
                return answers + [r for r in found if r.type == wanted], True
            alias = dns.Record_CNAME(entry, self.ttl)
            answers.append(
                dns.RRHeader(name, dns.CNAME, dns.IN, self.ttl, alias, auth=True)
            )
            if not self.follow:
                break
            name = entry
        return answers, True


class _Server(DNSServerFactory):
    """Adds the codes that Twisted cannot send, and truncation."""

    noisy = False
    edns = True

    def allowQuery(self, message: Any, protocol: Any, address: Any) -> bool:
        return self.edns or not message.additional

    def gotResolverError(
        self, failure: Failure, protocol: Any, message: Any, address: Any
    ) -> None:
        trouble = cast(Exception, failure.value).args[0]
        code = trouble.value if trouble else dns.ENAME
        authority = [] if trouble else [_soa(message.queries[0].name.name.decode(), 60)]
        response = self._responseFromMessage(
            message=message, rCode=code, authority=authority
        )
        self.sendReply(protocol, response, address)

    def sendReply(self, protocol: Any, message: Any, address: Any) -> None:
        if address is not None and len(message.toStr()) > 512:
            message.answers, message.trunc = [], 1
        super().sendReply(protocol, message, address)


class _FaultyDatagrams(dns.DNSDatagramProtocol):
    """UDP that fails: a stream's faults in a datagram's shape."""

    def __init__(self, controller: Any, fault: Fault) -> None:
        super().__init__(controller)
        self._fault = fault

    def writeMessage(self, message: Any, address: tuple[str, int]) -> None:
        octets = message.toStr()
        if self._fault is Fault.GARBAGE:
            self.transport.write(GARBAGE, address)
        elif self._fault is Fault.TRUNCATE:
            self.transport.write(octets[: len(octets) // 2], address)
        elif self._fault is Fault.OVERSIZE:
            # As many records as a datagram holds, none of which is needed.
            head = octets[:6] + b"\xff\xff" + octets[8:]
            self.transport.write(head + b"\xc0\x0c" * 20000, address)
        elif self._fault is Fault.DRIP:
            for octet in octets:
                self.transport.write(bytes((octet,)), address)
        # HANG and RESET: a datagram that never comes.


class _FaultyStreams(dns.DNSProtocol):
    """TCP that fails when its answer is due."""

    fault = Fault.HANG
    transport: ITCPTransport

    def writeMessage(self, message: Any) -> None:
        octets = message.toStr()
        framed = len(octets).to_bytes(2, "big") + octets
        if self.fault is Fault.RESET:
            self.transport.abortConnection()
        elif self.fault is Fault.GARBAGE:
            self.transport.write(len(GARBAGE).to_bytes(2, "big") + GARBAGE)
        elif self.fault is Fault.TRUNCATE:
            self.transport.write(framed[: len(framed) // 2])
            self.transport.loseConnection()
        elif self.fault is Fault.OVERSIZE:
            self.transport.write(b"\xff" * (1 << 20))
        elif self.fault is Fault.DRIP:
            self.transport.write(framed[:1])
        # HANG: nothing.


@define
class FakeDNS:
    """
    @ivar address: "127.0.0.1:port", for `ResolverSettings.servers`.
    """

    address: str
    resolver: ZoneResolver

    @property
    def asked(self) -> list[tuple[str, str]]:
        return self.resolver.asked


def _listen(
    zone_resolver: ZoneResolver,
    wanted: int = 0,
    fault: Fault | None = None,
    *,
    tcp_only: bool = False,
) -> tuple[int, list[Any], _Server]:
    server = _Server(authorities=[zone_resolver])
    datagrams: DatagramProtocol = (
        dns.DNSDatagramProtocol(server)
        if fault is None or tcp_only
        else _FaultyDatagrams(server, fault)
    )
    if fault is not None:
        server.protocol = cast(Any, type("Faulty", (_FaultyStreams,), {"fault": fault}))
    tcp = _REACTOR.listenTCP(wanted, server, interface="127.0.0.1")
    number = tcp.getHost().port
    udp = _REACTOR.listenUDP(number, datagrams, interface="127.0.0.1")
    return number, [tcp, udp], server


def start_dns(zone: Zone, port: int = 0) -> FakeDNS:
    """A server that runs until the process ends."""
    zone_resolver = ZoneResolver(zone)
    number, _, _ = _listen(zone_resolver, port)
    return FakeDNS(f"127.0.0.1:{number}", zone_resolver)


@asynccontextmanager
async def serving_dns(
    zone: Zone,
    fault: Fault | None = None,
    *,
    ttl: int = 300,
    follow: bool = True,
    tcp_only: bool = False,
    edns: bool = True,
) -> AsyncIterator[FakeDNS]:
    """
    A server for the time of a test; with REFUSE, only where one has been.

    @param tcp_only: UDP works and only TCP fails.
    @param edns: without it, a query that offers EDNS is refused.
    """
    zone_resolver = ZoneResolver(zone, ttl, follow)
    number, ports, server = _listen(zone_resolver, fault=fault, tcp_only=tcp_only)
    server.edns = edns
    fake = FakeDNS(f"127.0.0.1:{number}", zone_resolver)
    if fault is Fault.REFUSE:
        kept = ports[1:] if tcp_only else []
        for port in ports:
            if port not in kept:
                await port.stopListening()
        ports = kept
    try:
        yield fake
    finally:
        for protocol in list(server.connections):
            protocol.transport.abortConnection()
        for port in ports:
            await port.stopListening()
