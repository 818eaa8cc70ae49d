"""A message arriving at a door: in memory while small, in an unlinked file above.

An unlinked file cannot be left behind by a crash, and nobody else can open it.
"""

import tempfile
from contextlib import suppress
from mmap import ACCESS_READ, mmap
from typing import BinaryIO

from sc.model.octets import IN_MEMORY, Octets


class TooLargeError(Exception):
    """More octets than the door's limit; nothing beyond it was kept."""


class Intake:
    """
    Collects the octets of one message.

    @ivar size: octets taken so far.
    """

    def __init__(self, limit: int, spool_dir: str | None = None) -> None:
        self._limit = limit
        self._spool_dir = spool_dir
        self._chunks: list[bytes] = []
        self._file: BinaryIO | None = None
        self.size = 0

    def write(self, data: bytes) -> None:
        """
        @raise TooLargeError: the limit is passed; what was kept is dropped.
        """
        self.size += len(data)
        if self.size > self._limit:
            self.close()
            raise TooLargeError(f"message exceeds {self._limit} octets")
        if self._file is not None:
            self._file.write(data)
        else:
            self._chunks.append(data)
            if self.size > IN_MEMORY:
                self._spill()

    def _spill(self) -> None:
        self._file = tempfile.TemporaryFile(dir=self._spool_dir)  # noqa: SIM115 closed by finish or close
        self._file.writelines(self._chunks)
        self._chunks = []

    def finish(self) -> Octets:
        """The whole message, read-only. The intake is empty afterwards."""
        if self._file is None:
            content, self._chunks = b"".join(self._chunks), []
            return content
        self._file.flush()
        mapped = mmap(self._file.fileno(), 0, access=ACCESS_READ)
        self.close()
        return mapped

    def close(self) -> None:
        """Drop what was kept; safe to call twice."""
        self._chunks = []
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):  # what a full disk did not take is not wanted
                file.close()
