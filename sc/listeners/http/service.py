"""An HTTP listener: its endpoints, and what serves them."""

from twisted.internet.interfaces import IReactorCore

from sc.listeners.crowd import ListenerService
from sc.listeners.http.door import Door
from sc.listeners.http.session import HttpApi
from sc.listeners.http.site import HttpSite


def http_site(door: Door) -> HttpSite:
    """The factory of one listener's connections."""
    return HttpSite(door, HttpApi(door).resource())


class HttpService(ListenerService):
    """@ivar site: of all its endpoints."""

    def __init__(self, reactor: IReactorCore, door: Door) -> None:
        self.site = http_site(door)
        super().__init__(reactor, door.settings.endpoint, self.site, self.site.crowd)
