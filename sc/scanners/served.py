"""Scanners that are servers: where they are, and how they are asked."""

from attrs import field, frozen

from sc.net.stream_exchange import Exchange, client_endpoint
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface
from sc.scanners.settings import ScannerSettings, are_servers, positive


@frozen(kw_only=True)
class ServedSettings(ScannerSettings):
    """
    A scanner that listens somewhere.

    @ivar servers: host:port or the path of a socket; tried in this order.
    @ivar connect_timeout: seconds for one server to accept a connection.
    """

    servers: tuple[str, ...] = field(validator=are_servers)
    connect_timeout: float = field(default=5.0, validator=positive)

    @property
    def interface(self) -> Interface:
        """How the first one is reached."""
        local = self.servers[0].startswith("/")
        return Interface.SOCKET if local else Interface.NETWORK


def exchange(settings: ServedSettings, ground: Ground) -> Exchange:
    """Asks its servers."""
    endpoints = [client_endpoint(ground.reactor, name) for name in settings.servers]
    return Exchange(ground.reactor, endpoints, settings.connect_timeout)
