"""The factory of one HTTP listener's connections."""

from typing import Any, cast

from twisted.internet.interfaces import IAddress
from twisted.web import http
from twisted.web.resource import IResource
from twisted.web.server import Site

from sc.listeners.crowd import Crowd
from sc.listeners.http.door import Door
from sc.listeners.http.protocol import HttpChannel
from sc.listeners.http.request import HttpRequest


class HttpSite(Site):
    """
    Builds the connections. Those far above the cap are not even answered.

    @ivar crowd: the connections that are open.
    """

    protocol = cast(Any, HttpChannel)  # Typed as Twisted's own HTTP/2 switch.
    noisy = False

    def __init__(self, door: Door, resource: IResource) -> None:
        super().__init__(
            resource,
            requestFactory=HttpRequest,
            timeout=door.settings.limits.idle_timeout,
            reactor=door.clock,
            parsePOSTFormSubmission=False,  # Megabytes, before any right is asked.
        )
        self.door = door
        self.crowd = Crowd(door.clock, door.settings.limits.drain_timeout)

    def buildProtocol(self, addr: IAddress | None) -> Any:
        if len(self.crowd) >= 2 * self.door.settings.limits.connections:
            return None
        channel = super().buildProtocol(addr)
        assert isinstance(channel, HttpChannel)
        self.crowd.enter(channel)
        return channel

    def acceptableProtocols(self) -> list[bytes]:
        """HTTP/2 would have to be bounded anew."""
        return [b"http/1.1"]

    def startFactory(self) -> None:
        """No access log: the mail log has a line for each message."""

    def stopFactory(self) -> None:
        """Nothing was started."""

    def log(self, request: http.Request) -> None:
        """Nothing: a scan and a report have their own lines."""
