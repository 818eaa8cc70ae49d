"""The public internet on this host: what is connected to at 1.1.1.1 is a test's."""

from typing import Any, cast

from attrs import define, field
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from tests.fakes.web import FakeWeb

_REACTOR = cast(Any, reactor)


@define(eq=False)
class LedHome:
    """
    A reactor whose every connection ends at one web server of this host.

    @ivar dialled: (address, port) that was to be connected to, in order.
    """

    web: FakeWeb
    dialled: list[tuple[str, int]] = field(factory=list)

    def connectTCP(self, host: str, port: int, factory: Any, **more: Any) -> Any:
        self.dialled.append((host, port))
        return _REACTOR.connectTCP("127.0.0.1", self.web.port, factory, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(_REACTOR, name)
