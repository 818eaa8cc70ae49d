"""The server's side of SPAMC and RSPAMC: octets in, events out (spamd/PROTOCOL).

One request a connection. The message ends with Content-length octets or, without that
header (Haraka never sends it), with the client's FIN.
"""

from collections.abc import Iterator
from enum import Enum

from sc.wire.spamd import (
    BodyReceived,
    Code,
    Event,
    ProtocolError,
    Request,
    RequestEnded,
    RequestReceived,
    error_line,
)
from sc.wire.spamd_head import MAX_LINE, Head
from sc.wire.spamd_zlib import Inflater


class _State(Enum):
    HEAD = "head"
    BODY = "body"
    DISCARD = "discard"
    ENDED = "ended"


class SpamdServer:
    """
    @param max_octets: of one message, compressed or not. A larger one that is declared
        is read to its end before it is refused: Exim takes an earlier answer for a
        broken pipe. One that is not declared has no end worth waiting for, and its
        clients understand no error line: it is a `reset`.
    """

    def __init__(self, max_octets: int) -> None:
        self._max_octets = max_octets
        self._state = _State.HEAD
        self._buffer = bytearray()
        self._head = Head()
        self._inflater: Inflater | None = None
        self._length: int | None = None
        self._taken = 0

    @property
    def started(self) -> bool:
        """Has the first line arrived?"""
        return self._head.started

    @property
    def ended(self) -> bool:
        """Is everything that still comes ignored?"""
        return self._state is _State.ENDED

    def receive_data(self, octets: bytes) -> Iterator[Event]:
        """
        Exhaust it before the next call.

        @raise ProtocolError: the request cannot be answered; it has ended.
        """
        return self._guard(self._take(octets))

    def receive_eof(self) -> Iterator[Event]:
        """
        The client has sent its FIN and waits, if nothing is wrong.

        @raise ProtocolError: the request was cut.
        """
        return self._guard(self._finish())

    def error_line(self, error: ProtocolError) -> bytes:
        return error_line(error, self._head.dialect)

    def _guard(self, events: Iterator[Event]) -> Iterator[Event]:
        try:
            yield from events
        except ProtocolError:
            self._end()
            raise

    def _end(self) -> None:
        self._state = _State.ENDED
        self._buffer.clear()

    def _take(self, octets: bytes) -> Iterator[Event]:
        if self._state is _State.HEAD:
            rest = self._take_head(octets)
            if rest is None:
                return
            yield from self._begin_body(self._head.request())
            octets = rest
        if self._state in (_State.BODY, _State.DISCARD):
            yield from self._take_body(octets)

    def _take_head(self, octets: bytes) -> bytes | None:
        """What follows the head, or None while it is not whole."""
        start = 0
        self._buffer += octets
        while not self._head.complete:
            end = self._buffer.find(b"\n", start) + 1
            if (end or len(self._buffer) + 1) - start > MAX_LINE:
                raise ProtocolError("(line too long)")
            if not end:
                del self._buffer[:start]
                return None
            self._head.take(bytes(self._buffer[start:end]))
            start = end
        rest = bytes(self._buffer[start:])
        self._buffer.clear()
        return rest

    def _begin_body(self, request: Request) -> Iterator[Event]:
        if not request.command.has_body:
            yield RequestReceived(request)
            yield from self._ended()
            return
        self._length = request.length
        if request.length is not None and request.length > self._max_octets:
            self._state = _State.DISCARD
            return
        if request.header("compress") is not None:
            self._begin_inflating()
        self._state = _State.BODY
        yield RequestReceived(request)

    def _begin_inflating(self) -> None:
        if self._length is None:
            text = "Compress requires Content-length header"
            raise ProtocolError(text, Code.UNAVAILABLE)
        self._inflater = Inflater(self._max_octets, self._length)

    def _take_body(self, octets: bytes) -> Iterator[Event]:
        if self._length is not None:
            # What a client sends beyond its length is ignored (the Perl client sends
            # two octets more than it declared).
            octets = octets[: self._length - self._taken]
        self._taken += len(octets)
        if self._state is _State.BODY:
            yield from self._message(octets)
        if self._taken == self._length:
            yield from self._body_ended()

    def _message(self, octets: bytes) -> Iterator[Event]:
        if self._taken > self._max_octets:
            text = f"(limit {self._max_octets} octets)"
            raise ProtocolError(text, Code.TOO_LARGE, reset=True)
        if self._inflater is not None:
            for piece in self._inflater.feed(octets):
                yield BodyReceived(piece)
        elif octets:
            yield BodyReceived(octets)

    def _body_ended(self) -> Iterator[Event]:
        if self._state is _State.DISCARD:
            text = f"({self._length} octets, limit {self._max_octets})"
            raise ProtocolError(text, Code.TOO_LARGE)
        if self._inflater is not None:
            self._inflater.finish()
        yield from self._ended()

    def _ended(self) -> Iterator[Event]:
        self._end()
        yield RequestEnded()

    def _finish(self) -> Iterator[Event]:
        if self._state is _State.HEAD:
            begun = self._head.started or self._buffer
            raise ProtocolError(
                "(EOF during headers)" if begun else "(closed before headers)"
            )
        if self._state is _State.ENDED:
            return
        if self._length is not None:
            raise ProtocolError(
                "(Content-Length mismatch:"
                f" Expected {self._length} bytes, got {self._taken} bytes)"
            )
        yield from self._ended()
