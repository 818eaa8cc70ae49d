"""What DNS says: the addresses of hosts, and the other records that we read.

Twisted's own client neither caches nor bounds what it is told, and it cannot be
cancelled; `sc.net.dns_cache` asks and remembers, this says what the answers mean.
"""

from collections.abc import Coroutine, Iterable
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any, Protocol, TypeVar

from attrs import field, frozen
from attrs.validators import and_, ge, le
from twisted.internet.defer import Deferred, FirstError, gatherResults
from twisted.internet.interfaces import IReactorTime

from sc.model.envelope import IPAddress
from sc.net.dns_cache import CachingClient, Known
from sc.net.dns_exchange import PORT, Exchange, Server
from sc.wire.dns import MailExchange, MessageError, Type, normal

T = TypeVar("T")

MAX_POINTERS = 5
"""Names of one address that are checked; a stranger may write down thousands."""

RESOLV_CONF = Path("/etc/resolv.conf")


class ResolveError(Exception):
    """What was asked for is not known; the text says of which name, and why."""


class NotFoundError(ResolveError):
    """The name, or any such record of it, does not exist."""


class ResolveFailedError(ResolveError):
    """Nobody could tell: it may exist."""


class Resolver(Protocol):
    """What others need of DNS."""

    async def addresses(self, host: str) -> tuple[IPAddress, ...]:
        """
        The addresses of a host, IPv4 first; an address is its own.

        @param host: in ASCII (A-labels); a final dot and `[...]` may stand.
        @raise ResolveError: there is none, or nobody could tell.
        """
        ...


class RecordResolver(Resolver, Protocol):
    """What the few need who read more than addresses."""

    async def txt(self, name: str) -> tuple[bytes, ...]:
        """
        The TXT records of a name; the strings of each are one.

        @raise ResolveError: there is none, or nobody could tell.
        """
        ...

    async def mx(self, name: str) -> tuple[MailExchange, ...]:
        """
        Who takes mail for a domain, the preferred ones first.

        @raise ResolveError: there is none, or nobody could tell.
        """
        ...

    async def ptr(self, ip: IPAddress) -> tuple[str, ...]:
        """
        The names of an address that lead back to it: what others write into their
        reverse zone is no proof (RFC 8601 2.7.3, iprev).

        @raise ResolveError: there is none, or nobody could tell.
        """
        ...


class Destinations(Enum):
    """Where our own connections may go to on a stranger's word."""

    PUBLIC = "public"
    ANY = "any"


def parse_server(text: str) -> Server:
    """
    `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`.

    @raise ValueError: it is none of these.
    """
    host, port = text.strip(), ""
    if host.startswith("["):
        host, _, port = host[1:].partition("]")
        port = port.removeprefix(":")
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    try:
        number = int(port) if port else PORT
        if not 0 < number < 65536 or "%" in host:
            raise ValueError(port)
        return Server(str(ip_address(host)), number)
    except ValueError:
        raise ValueError(f"{text!r} is not a name server: ip or ip:port") from None


def _are_servers(_instance: object, _attribute: object, value: tuple[str, ...]) -> None:
    for text in value:
        parse_server(text)


@frozen
class ResolverSettings:
    """
    @ivar servers: name servers, `ip` or `ip:port`, asked in this order (three at
        most); empty: those of /etc/resolv.conf.
    @ivar timeout: seconds for one question, all servers and repetitions together.
    @ivar destinations: `public`: our own requests never connect to an address that
        is not of the public internet; `any` is for tests and closed networks.
    @ivar cache_size: names that are remembered.
    """

    servers: tuple[str, ...] = field(default=(), validator=_are_servers)
    timeout: float = field(default=5.0, validator=and_(ge(0.1), le(60.0)))
    destinations: Destinations = Destinations.PUBLIC
    cache_size: int = field(default=10_000, validator=and_(ge(0), le(10_000_000)))


def system_servers(path: Path = RESOLV_CONF) -> tuple[Server, ...]:
    """The servers that resolv.conf(5) names; without any, the one on this host."""
    try:
        text = path.read_text("utf-8", "replace")[:65536]
    except OSError:
        text = ""
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            try:
                found.append(parse_server(words[1]))
            except ValueError:
                continue  # A zone (fe80::1%eth0) that sockets here cannot name.
    return tuple(found) or (Server("127.0.0.1"),)


class DNSResolver:
    """The `RecordResolver` of the daemon: name servers, and what they said."""

    def __init__(
        self,
        settings: ResolverSettings,
        reactor: IReactorTime,
        resolv_conf: Path = RESOLV_CONF,
    ) -> None:
        servers = tuple(map(parse_server, settings.servers))
        self._client = CachingClient(
            Exchange(reactor, settings.timeout),
            servers or system_servers(resolv_conf),
            reactor,
            settings.cache_size,
        )

    async def addresses(self, host: str) -> tuple[IPAddress, ...]:
        """See `Resolver.addresses`."""
        try:
            return (ip_address(host.removeprefix("[").removesuffix("]")),)
        except ValueError:
            pass
        return await self._addresses(host)

    async def _addresses(self, host: str) -> tuple[IPAddress, ...]:
        name = _asked(host)
        known = await all_of(self._client.known(name, t) for t in (Type.A, Type.AAAA))
        found: tuple[IPAddress, ...] = (
            *_of(known, IPv4Address),
            *_of(known, IPv6Address),
        )
        problem = next((k.problem for k in known if k.problem), "")
        if not found and problem:
            raise ResolveFailedError(f"{host} cannot be resolved: {problem}")
        if not found:
            raise NotFoundError(f"{host} has no address")
        return found

    async def txt(self, name: str) -> tuple[bytes, ...]:
        """See `RecordResolver.txt`."""
        return _of([await self._records(name, Type.TXT)], bytes)

    async def a(self, name: str) -> tuple[IPv4Address, ...]:
        """As `addresses`, of a name and for IPv4 only."""
        return _of([await self._records(name, Type.A)], IPv4Address)

    async def aaaa(self, name: str) -> tuple[IPv6Address, ...]:
        """As `addresses`, of a name and for IPv6 only."""
        return _of([await self._records(name, Type.AAAA)], IPv6Address)

    async def mx(self, name: str) -> tuple[MailExchange, ...]:
        """See `RecordResolver.mx`."""
        found = _of([await self._records(name, Type.MX)], MailExchange)
        return tuple(sorted(found, key=lambda exchange: exchange.preference))

    async def ptr(self, ip: IPAddress) -> tuple[str, ...]:
        """See `RecordResolver.ptr`."""
        known = await self._records(ip.reverse_pointer, Type.PTR)
        names = list(dict.fromkeys(_of([known], str)))[:MAX_POINTERS]
        checked = await all_of(self._leads_to(name, ip) for name in names)
        found = tuple(name for name, leads in zip(names, checked, strict=True) if leads)
        if not found and None in checked:
            raise ResolveFailedError(f"no name of {ip} can be resolved now")
        if not found:
            raise NotFoundError(f"no name of {ip} leads back to it")
        return found

    async def _leads_to(self, name: str, ip: IPAddress) -> bool | None:
        """None: nobody can tell. A name in the shape of an address is a name."""
        try:
            return ip in await self._addresses(name)
        except NotFoundError:
            return False
        except ResolveFailedError:
            return None

    async def _records(self, name: str, wanted: Type) -> Known:
        known = await self._client.known(_asked(name), wanted)
        if known.problem:
            raise ResolveFailedError(f"{name} cannot be looked up: {known.problem}")
        if not known.data:
            raise NotFoundError(f"{name} has no {wanted.name} record")
        return known


def _asked(host: str) -> str:
    try:
        return normal(host)
    except MessageError as e:
        raise NotFoundError(f"{host[:80]!r} is not a host name: {e}") from None


def _of(known: Iterable[Known], kind: type[T]) -> tuple[T, ...]:
    return tuple(data for k in known for data in k.data if isinstance(data, kind))


async def all_of(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Everything at once; the first that fails, or whoever cancels, ends the others."""
    running = [Deferred.fromCoroutine(one) for one in work]
    try:
        return await gatherResults(running, consumeErrors=True)
    except FirstError as e:  # So Twisted wraps what ends us, cancelling too.
        raise (e.subFailure.value or e) from None
