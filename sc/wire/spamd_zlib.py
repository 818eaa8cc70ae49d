"""`Compress: zlib`: one RFC 1950 stream, never larger than we agreed to take."""

import zlib
from collections.abc import Iterator

from sc.wire.spamd import Code, ProtocolError

PIECE = 64 * 1024
"""Octets given out at once, whatever came in."""

FREE = 1024 * 1024
RATIO = 100
"""Above `FREE` octets, how much larger than its compressed form a message may be. Text
and base64 stay below 20; a bomb reaches 1000."""


class Inflater:
    """
    @param length: octets of the compressed form, as declared.
    """

    def __init__(self, max_octets: int, length: int) -> None:
        self._limit = min(max_octets, FREE + RATIO * length)
        self._stream = zlib.decompressobj()
        self._size = 0

    def feed(self, octets: bytes) -> Iterator[bytes]:
        """
        What comes behind the stream's end is ignored.

        @raise ProtocolError: not a zlib stream, or it grows too large.
        """
        # A full piece may leave more inside zlib, with all input taken.
        full = False
        while (octets or full) and not self._stream.eof:
            try:
                piece = self._stream.decompress(octets, PIECE)
            except zlib.error as e:
                raise ProtocolError("zlib: not a zlib stream", Code.UNAVAILABLE) from e
            octets, full = self._stream.unconsumed_tail, len(piece) == PIECE
            self._check(len(piece))
            if piece:
                yield piece

    def _check(self, grown: int) -> None:
        self._size += grown
        if self._size > self._limit:
            text = f"(limit {self._limit} octets, decompressed)"
            raise ProtocolError(text, Code.TOO_LARGE)

    def finish(self) -> None:
        """
        @raise ProtocolError: the stream was cut.
        """
        if not self._stream.eof:
            text = "zlib: failed to find end of zlib stream"
            raise ProtocolError(text, Code.UNAVAILABLE)
