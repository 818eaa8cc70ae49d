"""An HTTP agent that connects only where it may.

It resolves by itself, checks every address, and connects to the address that it has
checked; the stock agent would ask DNS again and could be told something else.
"""

from collections.abc import Callable
from typing import Any, cast

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import (
    TCP4ClientEndpoint,
    TCP6ClientEndpoint,
    wrapClientTLS,
)
from twisted.internet.error import ConnectError, ConnectingCancelledError
from twisted.internet.interfaces import (
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
    ITCPTransport,
)
from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from twisted.web.client import URI, Agent
from twisted.web.http_headers import Headers
from twisted.web.iweb import (
    IAgent,
    IAgentEndpointFactory,
    IBodyProducer,
    IPolicyForHTTPS,
    IResponse,
)
from zope.interface import implementer

from sc.content.addresses import is_public, wrapped
from sc.model.complaint import IPNetwork
from sc.model.envelope import IPAddress
from sc.net.own_address import is_own
from sc.net.resolver import Destinations, Resolver

PORTS = {b"http": 80, b"https": 443}
MAX_CONNECTIONS = 3
"""Addresses of one host that are tried, in turn."""


class RefusedError(Exception):
    """We do not go there, or do not take what came; the text says why."""


@frozen
class Guard:
    """What an agent needs to decide where it may go.

    @ivar forbidden: networks of our own, public or not.
    @ivar policy: makes the TLS options that check a host's certificate.
    @ivar connect_timeout: seconds for one address.
    """

    reactor: IReactorTime
    resolver: Resolver
    destinations: Destinations
    forbidden: tuple[IPNetwork, ...]
    policy: IPolicyForHTTPS
    connect_timeout: float

    def check(self, uri: URI) -> None:
        """
        @raise RefusedError: the scheme or port is none of the web's.
        """
        scheme = uri.scheme.lower()
        if scheme not in PORTS:
            raise RefusedError("neither http nor https")
        if self.destinations is Destinations.PUBLIC and uri.port not in PORTS.values():
            raise RefusedError(f"port {uri.port} is not the web's")

    async def addresses(self, host: str) -> tuple[IPAddress, ...]:
        """
        Those that we may connect to.

        @raise RefusedError: an address is not of the public internet, or ours.
        @raise ResolveError: the resolver's.
        """
        found = await self.resolver.addresses(host)
        check_addresses(found, self.destinations, self.forbidden)
        return found


def check_addresses(
    found: tuple[IPAddress, ...],
    destinations: Destinations,
    forbidden: tuple[IPNetwork, ...],
    own: Callable[[IPAddress], bool] = is_own,
) -> None:
    """
    One forbidden address among them forbids the host, or a stranger could let us
    choose.

    @param own: whether an address is this host's.
    @raise RefusedError: an address is not of the public internet, or ours.
    """
    for ip in found:
        if destinations is Destinations.PUBLIC and not is_public(ip):
            raise RefusedError(f"its address {ip} is not public")
        reached = (ip, *wrapped(ip))
        if any(one in network for one in reached for network in forbidden):
            raise RefusedError(f"its address {ip} is our own")
        if destinations is Destinations.PUBLIC and any(map(own, reached)):
            raise RefusedError(f"its address {ip} is this host's")


class _Metered(ProtocolWrapper):
    """One connection whose octets are counted before anything parses them."""

    factory: "_Meter"
    transport: ITCPTransport

    def __init__(self, factory: "_Meter", wrapped: IProtocol) -> None:
        super().__init__(factory, wrapped)
        self.lost: Deferred[None] = Deferred()
        self._received = 0

    def dataReceived(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > self.factory.allowance:
            self.factory.exceeded = True
            self.transport.abortConnection()
        elif not self.factory.exceeded:
            super().dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        self.lost.callback(None)


class _Meter(WrappingFactory[_Metered]):
    """
    Twisted bounds a header line, not how many of them a server sends, nor the size
    of what it may write around chunks; this bounds all that a connection brings.
    """

    noisy = False
    protocol = _Metered

    def __init__(self, wrapped: IProtocolFactory, allowance: int) -> None:
        super().__init__(wrapped)
        self.allowance = allowance
        self.exceeded = False


@implementer(IStreamClientEndpoint)
class _Pinned:
    """Connects to the first of the checked addresses that answers."""

    def __init__(
        self, guard: Guard, addresses: tuple[IPAddress, ...], port: int, allowance: int
    ) -> None:
        self._guard = guard
        self._addresses = addresses[:MAX_CONNECTIONS]
        self._port = port
        self._allowance = allowance
        self.meters: list[_Meter] = []

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        return Deferred.fromCoroutine(self._connect(protocolFactory))

    async def _connect(self, factory: IProtocolFactory) -> IProtocol:
        problem: Exception = ConnectError(string="it has no address")
        for ip in self._addresses:
            meter = _Meter(factory, self._allowance)
            self.meters.append(meter)
            try:
                metered = await self._endpoint(ip).connect(meter)
            except ConnectingCancelledError:
                raise CancelledError from None  # Endpoints have a word of their own.
            except (ConnectError, OSError) as e:
                problem = e
            else:
                return cast(_Metered, metered).wrappedProtocol
        raise problem

    def _endpoint(self, ip: IPAddress) -> IStreamClientEndpoint:
        kind = TCP4ClientEndpoint if ip.version == 4 else TCP6ClientEndpoint
        reactor = cast(Any, self._guard.reactor)
        return kind(reactor, str(ip), self._port, timeout=self._guard.connect_timeout)


@implementer(IAgentEndpointFactory)
class _Endpoints:
    """Gives Twisted's agent the endpoint that was made for this one request."""

    def __init__(self, endpoint: IStreamClientEndpoint) -> None:
        self._endpoint = endpoint

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:
        return self._endpoint


@implementer(IAgent)
class GuardedAgent:
    """
    Makes requests, each over its own connection, until it is closed.

    @ivar allowance: octets that a connection may bring, all layers included.
    """

    def __init__(self, guard: Guard, allowance: int) -> None:
        self._guard = guard
        self._allowance = allowance
        self._pinned: list[_Pinned] = []

    @property
    def exceeded(self) -> bool:
        """Whether a connection was ended because it brought too much."""
        return any(m.exceeded for pinned in self._pinned for m in pinned.meters)

    def request(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers | None = None,
        bodyProducer: IBodyProducer | None = None,
    ) -> Deferred[IResponse]:
        return Deferred.fromCoroutine(
            self._request(method, uri, headers or Headers(), bodyProducer)
        )

    async def _request(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers,
        producer: IBodyProducer | None,
    ) -> IResponse:
        parsed = URI.fromBytes(uri)
        self._guard.check(parsed)
        host = parsed.host.strip(b"[]")
        addresses = await self._guard.addresses(host.decode("ascii"))
        pinned = _Pinned(self._guard, addresses, parsed.port, self._allowance)
        self._pinned.append(pinned)
        endpoint: IStreamClientEndpoint = pinned
        if parsed.scheme.lower() == b"https":
            options = self._guard.policy.creatorForNetloc(host, parsed.port)
            endpoint = wrapClientTLS(options, pinned)
        agent = Agent.usingEndpointFactory(self._guard.reactor, _Endpoints(endpoint))
        headers = headers.copy()
        headers.removeHeader(b"accept-encoding")  # A few octets can inflate to all.
        response: IResponse = await agent.request(method, uri, headers, producer)
        response.headers.removeHeader(b"set-cookie")
        return response

    async def close(self) -> None:
        """End every connection that is left, at once; a peer has no say in it."""
        for pinned in self._pinned:
            for meter in pinned.meters:
                for metered in list(meter.protocols):
                    metered.transport.abortConnection()
                    await metered.lost
