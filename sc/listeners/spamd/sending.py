"""Sends a reply at the client's own pace: a message is never copied whole."""

from collections.abc import Callable

from twisted.internet.interfaces import IConsumer, IPullProducer, ITransport
from zope.interface import implementer

from sc.listeners.spamd.answer import Reply

SLICE = 64 * 1024


@implementer(IPullProducer)
class Sending:
    """
    @param sent: called when the transport has all octets, or has thrown them away.
    """

    def __init__(
        self, transport: ITransport, reply: Reply, sent: Callable[[], None]
    ) -> None:
        self._transport = transport
        self._reply = reply
        self._sent = sent
        self._position = reply.start

    def start(self) -> None:
        self._transport.write(self._reply.octets)
        if self._position < len(self._reply.rest):
            consumer = IConsumer(self._transport)
            consumer.registerProducer(self, False)  # noqa: FBT003 Twisted's signature
        else:
            self._sent()

    def resumeProducing(self) -> None:
        """The transport has room."""
        end = self._position + SLICE
        self._transport.write(self._reply.rest[self._position : end])
        self._position = end
        if end >= len(self._reply.rest):
            IConsumer(self._transport).unregisterProducer()
            self._sent()

    def stopProducing(self) -> None:
        """The client is gone; `connectionLost` tells the rest."""
