"""One connection to a cache server: questions in a row, each with its own waiter."""

from collections import deque
from collections.abc import Callable

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from sc.net.stream_exchange import ExchangeError
from sc.wire.cache_codec import CacheCodec, ProtocolError, Reply

MAX_WAITING = 256
"""Questions that may be under way; a server that is well has a handful."""


class CacheConnection(Protocol):
    """
    Carries a codec.

    @ivar lost: fires when the socket is closed.
    """

    transport: ITCPTransport

    def __init__(self, codec: CacheCodec) -> None:
        self.lost: Deferred[None] = Deferred()
        self._codec = codec
        self._waiting: deque[Deferred[Reply]] = deque()
        self._problem = "it closed the connection"

    @property
    def usable(self) -> bool:
        return not self.lost.called

    @property
    def busy(self) -> bool:
        return len(self._waiting) >= MAX_WAITING

    async def ask(self, question: Callable[[CacheCodec], bytes]) -> Reply:
        """
        @raise ExchangeError: there is no reply, and why.
        """
        if not self.usable:
            raise ExchangeError(self._problem)
        # A waiter that leaves keeps its place: its reply comes all the same.
        waiter: Deferred[Reply] = Deferred()
        self._waiting.append(waiter)
        self.transport.write(question(self._codec))
        return await waiter

    def connectionMade(self) -> None:
        if isinstance(self.transport.getHost(), (IPv4Address, IPv6Address)):
            self.transport.setTcpNoDelay(True)
            # Firewalls forget what is idle and tell neither end.
            self.transport.setTcpKeepAlive(True)

    def dataReceived(self, data: bytes) -> None:
        try:
            replies = self._codec.receive_data(data)
        except ProtocolError as e:
            self.abort(f"it does not speak our protocol: {e}")
            return
        for reply in replies:
            waiter = self._waiting.popleft()
            if not waiter.called:
                waiter.callback(reply)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if reason.check(SSL.Error, VerificationError):
            self._problem = "TLS failed: look at its certificate, server and ca_file"
        self.lost.callback(None)
        waiting, self._waiting = self._waiting, deque()
        for waiter in waiting:
            if not waiter.called:
                waiter.errback(ExchangeError(self._problem))

    def abort(self, problem: str) -> None:
        """Close at once; who still waits is told this."""
        self._problem = problem
        self.transport.abortConnection()
