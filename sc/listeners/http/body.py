"""A request's body: the file that Twisted writes to, and the octets behind it."""

from sc.listeners.intake import Intake
from sc.model.octets import Octets

BLOCK = 16 * 1024
"""Octets gathered before they are kept: a chunk of one octet must not cost forty."""


class Body:
    """
    Stands in for the file in which `twisted.web` collects a body.

    @ivar size: octets taken so far.
    """

    def __init__(self, limit: int, spool_dir: str | None = None) -> None:
        self._intake = Intake(limit, spool_dir)
        self._limit = limit
        self._block = bytearray()
        self.size = 0

    def write(self, data: bytes) -> None:
        """
        @raise TooLargeError: the limit is passed; what was kept is dropped.
        """
        self.size += len(data)
        self._block += data
        if len(self._block) >= BLOCK or self.size > self._limit:
            self._flush()

    def take(self) -> Octets:
        """The whole body, once."""
        self._flush()
        return self._intake.finish()

    def close(self) -> None:
        """Drop what was kept; safe to call twice."""
        self._block.clear()
        self._intake.close()

    def tell(self) -> int:
        """Twisted asks, to find out whether there is a form to parse."""
        return self.size

    def seek(self, _offset: int, _whence: int = 0) -> None:
        """Twisted rewinds its file before a handler reads it."""

    def _flush(self) -> None:
        block, self._block = bytes(self._block), bytearray()
        self._intake.write(block)
