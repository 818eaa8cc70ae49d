"""One HTTP request: its body is bounded before and while it comes."""

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from twisted.web.server import Request

from sc.listeners.http import guard
from sc.listeners.http.body import Body
from sc.listeners.http.errors import HttpError
from sc.listeners.http.reply import ID
from sc.listeners.intake import TooLargeError
from sc.model.octets import Octets

if TYPE_CHECKING:
    from sc.listeners.http.protocol import HttpChannel

_ABSOLUTE = re.compile(rb"\Ahttps?://[^/]*", re.IGNORECASE)


class HttpRequest(Request):
    """
    @ivar id: ours: of the request, the message, the log lines and the reports.
    """

    defaultContentType = None
    channel: "HttpChannel"
    content: Body

    def __init__(self, channel: "HttpChannel", *args: Any, **kwargs: Any) -> None:
        super().__init__(channel, *args, **kwargs)
        self.id: str = channel.door.flow.new_id()
        self.responseHeaders.setRawHeaders(ID.encode(), [self.id.encode()])

    def take_body(self) -> Octets:
        return self.content.take()

    # -- the channel calls

    def gotLength(self, length: int | None) -> None:
        """The header is whole; `length` is None for chunks."""
        door = self.channel.door
        limit = door.settings.limits.message_size
        self.content = Body(limit, door.spool_dir)
        if length == 0:
            return
        try:
            if length is not None and length > limit:
                raise _too_large(limit)
            guard.screen(door.access, door.settings.hosts, self)
        except HttpError as e:
            self.requestHeaders.removeHeader(b"Expect")  # No "100 Continue" after this.
            self.channel.refuse(e)

    def handleContentChunk(self, data: bytes) -> None:
        if self.channel.refused:
            return
        try:
            self.content.write(data)
        except TooLargeError:
            limit = self.channel.door.settings.limits.message_size
            self.channel.refuse(_too_large(limit))

    def process(self) -> None:
        """
        Refuse what neither Twisted nor Klein answers in our words: `OPTIONS *`, and
        a path that is not UTF-8. RFC 9112 3.2.2: a whole URL is a path, too.
        """
        self.path = _ABSOLUTE.sub(b"", self.path)
        try:
            path = unquote_to_bytes(self.path).decode("utf-8")
        except UnicodeDecodeError:
            path = ""
        if path.startswith("/"):
            super().process()
        else:
            self.channel.refuse(
                HttpError(400, "the path must begin with / and be UTF-8")
            )

    def getRequestHostname(self) -> bytes:
        """Klein routes by path only, and fails for host names that are none."""
        return b"localhost"


def _too_large(limit: int) -> HttpError:
    return HttpError(413, f"the body is larger than {limit} octets")
