"""HTTP/1.1 (RFC 9112) by twisted.web, with the bounds that it lacks.

Twisted's own idle timer starts again with every octet, its bodies have no limit, and
its "400 Bad Request" is followed by nothing.
"""

from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableDescriptor
from twisted.internet.protocol import connectionDone
from twisted.internet.tcp import Connection
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.http_headers import Headers
from twisted.web.server import Request

from sc.listeners.endpoint import peer_of
from sc.listeners.http.door import Door
from sc.listeners.http.errors import AGAIN, HttpError
from sc.listeners.http.reply import head, whole_reply
from sc.listeners.timer import Timer

if TYPE_CHECKING:
    from sc.listeners.http.site import HttpSite

LINGER = 5.0
"""Seconds for a refused client to close. To close first, with its octets unread, would
send a reset, which can destroy the answer on its way."""

BAD_REQUEST = HttpError(400, "not a valid HTTP request")
TOO_MANY_FIELDS = HttpError(431, "the request's header is too large")
TOO_SLOW = HttpError(408, "the request did not arrive in time")
FULL = HttpError(503, "too many connections, come back later", AGAIN)

READ = 16 * 1024
"""Octets a read: 64 KiB of pipelined requests would all be answered in one turn."""


class HttpChannel(HTTPChannel):
    """
    One connection.

    @ivar refused: answered for good; what still comes is read and dropped.
    @ivar lost: fires when it is over.
    """

    totalHeadersSize = 64 * 1024
    maxHeaders = 1200
    """A thousand recipients in `X-Env-Rcpt`, and the rest."""

    site: "HttpSite"
    transport: Connection

    def __init__(self) -> None:
        super().__init__()
        self.refused = False
        self.lost: Deferred[None] = Deferred()
        self._draining = False

    @property
    def door(self) -> Door:
        return self.site.door

    # -- the transport calls

    def connectionMade(self) -> None:
        clock, self._limits = self.door.clock, self.door.settings.limits
        self._arrival, self._end = Timer(clock), Timer(clock)
        super().connectionMade()
        self.transport.bufferSize = READ
        if len(self.site.crowd) > self._limits.connections:
            self.refuse(FULL)

    def dataReceived(self, data: bytes) -> None:
        if not self.refused:
            self._arriving()
            super().dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._arrival.stop()
        self._end.stop()
        super().connectionLost(reason)
        self.lost.callback(None)

    # -- one request

    def lineReceived(self, line: bytes) -> None:
        if not self.refused:
            self._arriving()  # The next one of a pipeline was here already.
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        self.refuse(TOO_MANY_FIELDS)

    def headerReceived(self, line: bytes) -> bool:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and len(value.strip()) > 18:
            # int() refuses 4300 digits with an error of its own.
            self.refuse(HttpError(413, "no body can be that large"))
        return not self.refused and bool(super().headerReceived(line))

    def allHeadersReceived(self) -> None:
        fields = self.requests[-1].requestHeaders
        if fields.hasHeader(b"Transfer-Encoding") and (
            fields.hasHeader(b"Content-Length") or self.length is not None
        ):
            # RFC 9112 6.3: two lengths are an attempt at smuggling. Twisted lets
            # `Transfer-Encoding: identity` pass.
            self.refuse(BAD_REQUEST)
        else:
            super().allHeadersReceived()

    def rawDataReceived(self, data: bytes) -> None:
        if not self.refused:
            super().rawDataReceived(data)

    def allContentReceived(self) -> None:
        if not self.refused:
            self._arrival.stop()
            super().allContentReceived()

    def checkPersistence(self, request: Request, version: bytes) -> bool:
        return not self._draining and bool(super().checkPersistence(request, version))

    def writeHeaders(
        self, version: bytes, code: bytes, reason: bytes, headers: Headers
    ) -> None:
        if not self.persistent:
            headers.setRawHeaders(b"Connection", [b"close"])
        self.transport.write(head(version, code, reason, headers))

    # -- time

    def _arriving(self) -> None:
        handling = self._arrival.running or self._handlingRequest
        if not handling:
            self._arrival.set(self._limits.body_timeout, self._too_slow)

    def _too_slow(self) -> None:
        self.refuse(TOO_SLOW)

    def timeoutConnection(self) -> None:
        """Nothing came for a while: in the middle of a request, or between two."""
        if self.requests:
            self.refuse(TOO_SLOW)
        else:
            self.loseConnection()

    # -- the ways to end

    def refuse(self, error: HttpError) -> None:
        """Answer now, whatever else comes, and hang up."""
        if self.refused:
            return
        self.refused = True
        self.persistent = 0
        self._arrival.stop()
        self.setTimeout(None)
        request_id = self._drop_request()
        self._tell(error, request_id)
        self.transport.write(whole_reply(error, request_id))
        if IHalfCloseableDescriptor.providedBy(self.transport):
            self.transport.loseWriteConnection()
        self._end.set(LINGER, self.loseConnection)

    def _drop_request(self) -> str:
        """The id of the request that is refused, and no octets of it any more."""
        if not self.requests:
            return self.door.flow.new_id()
        request = self.requests[-1]
        if request.content is not None:
            request.content.close()
        return str(request.id)

    def _tell(self, error: HttpError, request_id: str) -> None:
        self.door.flow.metrics.refused(self.door.name, str(error.status))
        self.door.log.info(
            "{listener}: refused {peer}: {status} {error} id={id}",
            listener=self.door.name,
            peer=str(peer_of(self.getPeer(), self.getHost())),
            status=error.status,
            error=error.text,
            id=request_id,
        )

    def _respondToBadRequestAndDisconnect(self) -> None:
        """Twisted's only place for whatever it cannot parse."""
        too_many = (
            self._receivedHeaderSize > self.totalHeadersSize
            or self._receivedHeaderCount > self.maxHeaders
        )
        self.refuse(TOO_MANY_FIELDS if too_many else BAD_REQUEST)

    def loseConnection(self) -> None:
        """A client that never takes its answer does not keep us."""
        super().loseConnection()
        self._end.set(self._limits.reply_timeout, self.abort)

    def drain(self) -> None:
        """Hang up, after the request that has begun."""
        self._draining = True
        self.persistent = 0
        if not self.requests:
            self.loseConnection()

    def abort(self) -> None:
        self.transport.abortConnection()
