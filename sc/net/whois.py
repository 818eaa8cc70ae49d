"""A whois client (RFC 3912): one line, and text until the server closes.

The answer is bounded, and the address that we connect to has been checked.
"""

from ipaddress import ip_address
from typing import Any, Protocol

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeadlineError
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint

from sc.model.complaint import IPNetwork
from sc.model.envelope import IPAddress
from sc.net.agent import MAX_CONNECTIONS, RefusedError, check_addresses
from sc.net.resolver import Destinations, ResolveError, Resolver
from sc.net.stream_exchange import Exchange, ExchangeError, Question

PORT = 43
MAX_ANSWER = 64 * 1024
TIMEOUT = 10.0
"""Seconds for the name, the connection and the answer together."""


class WhoisError(Exception):
    """There is no answer; the text says of which server, and why."""


class Whois(Protocol):
    async def ask(self, server: str, query: str) -> str:
        """
        @param server: as `parse_server` takes it.
        @param query: one line, without its end.
        @raise WhoisError: there is no answer.
        """
        ...


def parse_server(text: str) -> tuple[str, int]:
    """
    `whois.example`, `whois.example:4343`, `192.0.2.1` or `[2001:db8::1]:43`.

    @raise ValueError: it is none of these.
    """
    host, port = text, ""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    number = int(port) if port.isascii() and port.isdigit() else None if port else PORT
    if number is None or not 0 < number < 65536 or not _is_host(host):
        raise ValueError(f"{text!r} is not a server: host or host:port")
    return host, number


def _is_host(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return bool(text) and all(c.isalnum() or c in ".-_" for c in text)
    return True


@frozen
class GuardedWhois:
    """
    The `Whois` of the daemon.

    @ivar forbidden: networks of our own; never connected to.
    """

    reactor: IReactorTime
    resolver: Resolver
    destinations: Destinations = Destinations.PUBLIC
    forbidden: tuple[IPNetwork, ...] = ()
    timeout: float = TIMEOUT

    async def ask(self, server: str, query: str) -> str:
        """See `Whois.ask`."""
        host, port = parse_server(server)
        work = Deferred.fromCoroutine(self._ask(host, port, query))
        try:
            octets = await work.addTimeout(self.timeout, self.reactor)
        except CancelledError:
            raise
        except DeadlineError:
            raise WhoisError(f"{host} did not answer in {self.timeout:g} s") from None
        except ResolveError as e:
            raise WhoisError(str(e)) from None
        except RefusedError as e:
            raise WhoisError(f"{host} is not asked: {e}") from None
        except ExchangeError as e:
            raise WhoisError(f"{host}: {e}") from None
        return _text(octets)

    async def _ask(self, host: str, port: int, query: str) -> bytes:
        found = await self.resolver.addresses(host)
        check_addresses(found, self.destinations, self.forbidden)
        endpoints = [self._endpoint(ip, port) for ip in found[:MAX_CONNECTIONS]]
        line = query.encode("ascii") + b"\r\n"
        question = Question(lambda: (line,), MAX_ANSWER)
        return await Exchange(self.reactor, endpoints).ask(question, self.timeout)

    def _endpoint(self, ip: IPAddress, port: int) -> IStreamClientEndpoint:
        kind = TCP4ClientEndpoint if ip.version == 4 else TCP6ClientEndpoint
        reactor: Any = self.reactor
        return kind(reactor, str(ip), port, timeout=self.timeout)


def _text(octets: bytes) -> str:
    """UTF-8 at some registries, Latin-1 at the others."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")
