"""One request that brings something: its octets, and when they may leave."""

from collections.abc import Awaitable, Callable, Mapping

from attrs import field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IConsumer
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

BeforeBody = Callable[[], Awaitable[None]]


@frozen
class Posting:
    """
    @ivar headers: besides those that every request of ours has; they may hold a key.
    """

    url: str
    content_type: str
    body: bytes = field(repr=lambda b: f"<{len(b)} octets>")
    headers: Mapping[str, str] = field(factory=dict, repr=False)


@implementer(IBodyProducer)
class Body:
    """
    The whole body, after `before` has returned: until then a server has a request
    that is not complete, and does nothing.
    """

    def __init__(self, octets: bytes, before: BeforeBody) -> None:
        self._octets, self._before = octets, before
        self.length = len(octets)

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:
        return Deferred.fromCoroutine(self._produce(consumer))

    async def _produce(self, consumer: IConsumer) -> None:
        await self._before()
        consumer.write(self._octets)

    def pauseProducing(self) -> None:
        """It is written at once: a few thousand octets."""

    def resumeProducing(self) -> None:
        """It was never paused."""

    def stopProducing(self) -> None:
        """The connection is gone; what is written to it then goes nowhere."""
