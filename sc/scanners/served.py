"""Scanners that are servers: where they are, and how they are asked."""

from typing import Protocol, runtime_checkable

from attrs import field, frozen
from twisted.internet.interfaces import IStreamClientEndpoint

from sc.model.status import ServerStatus
from sc.net.dialogue import Dialogue
from sc.net.server import Server, read_server
from sc.net.server_pool import PoolLimits, ServerPool
from sc.net.stream_exchange import Exchange, client_endpoint
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface
from sc.scanners.settings import ScannerSettings, are_servers, positive


@frozen(kw_only=True)
class ServedSettings(ScannerSettings):
    """
    A scanner that listens somewhere.

    @ivar servers: host:port or the path of a socket; with `weight=2` behind it, one
        gets twice the messages of another. A failed one's message goes to the next.
    @ivar connect_timeout: seconds for one server to accept a connection.
    @ivar results_timeout: seconds for one server's answer, while there is another
        that could be asked within `timeout`.
    @ivar error_time: seconds for which an error of a server counts.
    @ivar maxerrors: with so many a server is dead: it is asked only where no other is.
    @ivar dead_time: seconds until a dead server gets one message or probe to show that
        it is back.
    """

    servers: tuple[str, ...] = field(validator=are_servers)
    connect_timeout: float = field(default=5.0, validator=positive)
    results_timeout: float = field(default=20.0, validator=positive)
    error_time: float = field(default=10.0, validator=positive)
    maxerrors: int = field(default=3, validator=positive)
    dead_time: float = field(default=300.0, validator=positive)

    @property
    def places(self) -> tuple[Server, ...]:
        """The servers as values."""
        return tuple(map(read_server, self.servers))

    @property
    def interface(self) -> Interface:
        """How the first one is reached; of several, the status tells each."""
        local = self.places[0].is_socket
        return Interface.SOCKET if local else Interface.NETWORK


@runtime_checkable
class Served(Protocol):
    """A scanner that has servers may tell how each of them fares."""

    def servers(self) -> tuple[ServerStatus, ...]: ...


def _pool(settings: ServedSettings, ground: Ground) -> ServerPool:
    """Shares the work among its servers."""
    limits = PoolLimits(
        results_timeout=settings.results_timeout,
        error_time=settings.error_time,
        maxerrors=settings.maxerrors,
        dead_time=settings.dead_time,
    )
    return ServerPool(ground.reactor, settings.places, limits)


def exchange(settings: ServedSettings, ground: Ground) -> Exchange:
    """Asks its servers."""
    endpoints, timeout = _endpoints(settings, ground), settings.connect_timeout
    return Exchange(ground.reactor, endpoints, timeout, _pool(settings, ground))


def dialogue(settings: ServedSettings, ground: Ground) -> Dialogue:
    """Talks with its servers."""
    endpoints, timeout = _endpoints(settings, ground), settings.connect_timeout
    return Dialogue(ground.reactor, endpoints, timeout, _pool(settings, ground))


def _endpoints(settings: ServedSettings, ground: Ground) -> list[IStreamClientEndpoint]:
    return [client_endpoint(ground.reactor, p.address) for p in settings.places]
