"""A door's endpoint: listens or fails at once, and counts who is inside.

Twisted's StreamServerEndpointService only logs a port in use and leaves the
daemon up, half alive. This one raises before the daemon has started.
"""

import os
import stat
from ipaddress import ip_address

from twisted.application.service import Service
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IReactorCore,
)
from twisted.python.failure import Failure

from sc.access import Peer


class ListenError(Exception):
    """An endpoint cannot be listened on; the text says which, and why."""


def peer_of(address: object, host: object = None) -> Peer:
    """The access peer behind a transport's address; `host` is our own side."""
    if isinstance(address, (IPv4Address, IPv6Address)):
        return Peer(ip_address(address.host.partition("%")[0]))
    return Peer(private=isinstance(host, UNIXAddress) and _is_private(host))


def _is_private(host: UNIXAddress) -> bool:
    if not host.name:
        return False
    try:
        mode = os.stat(host.name).st_mode  # noqa: PTH116 name may be bytes
    except OSError:
        return False
    return stat.S_ISSOCK(mode) and not mode & 0o077


class EndpointService(Service):
    """One endpoint string, one factory."""

    def __init__(
        self, reactor: IReactorCore, endpoint: str, factory: IProtocolFactory
    ) -> None:
        self._reactor = reactor
        self.endpoint = endpoint
        self.factory = factory
        self.port: IListeningPort | None = None

    def is_open(self) -> bool:
        return self.port is not None

    def privilegedStartService(self) -> None:
        """
        Listen while we may still bind low ports.

        @raise ListenError: the address is in use, or the string is wrong.
        """
        super().privilegedStartService()
        self._listen()

    def startService(self) -> None:
        super().startService()
        if self.port is None:
            self._listen()

    def _listen(self) -> None:
        outcome: list[IListeningPort | Failure] = []
        try:
            waiting = serverFromString(self._reactor, self.endpoint).listen(
                self.factory
            )
        except (ValueError, TypeError, OSError) as e:
            raise ListenError(f"{self.endpoint}: {e}") from e
        waiting.addBoth(outcome.append)
        if not outcome:
            raise ListenError(f"{self.endpoint}: not listening at once")
        if isinstance(outcome[0], Failure):
            raise ListenError(f"{self.endpoint}: {outcome[0].getErrorMessage()}")
        self.port = outcome[0]

    async def close_door(self) -> None:
        """Let nobody else in; those inside stay."""
        port, self.port = self.port, None
        if port is not None:
            await Deferred.fromCoroutine(_stop(port))

    def stopService(self) -> Deferred[None]:
        super().stopService()
        return Deferred.fromCoroutine(self.close_door())


async def _stop(port: IListeningPort) -> None:
    stopping = port.stopListening()
    if stopping is not None:
        await stopping
