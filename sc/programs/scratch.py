"""Messages as files, for programs that read nothing else: private, and soon gone."""

import os
import shutil
import tempfile
from pathlib import Path

from attrs import field, frozen

from sc.model.octets import Octets
from sc.offload import Offload

NAME = "message"
_PIECE = 1 << 20


def _resolved(folder: Path) -> Path:
    return folder.resolve()


@frozen
class Scratch:
    """
    Folders within one of the state folder, each for one look at one message.

    @ivar folder: of this daemon alone; made when it is needed.
    """

    folder: Path = field(converter=_resolved)
    _offload: Offload

    def clear(self) -> None:
        """Delete what a daemon left that was killed."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def make(self) -> Path:
        """
        A new folder of mode 0700.

        @raise OSError: the disk is full, or not ours.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="", dir=self.folder))

    async def write(self, folder: Path, content: Octets) -> Path:
        """
        The message as a file of mode 0600.

        @raise OSError: it cannot be written.
        """
        path = folder / NAME
        # Opened here: a thread that is late writes to a file that has no name any more.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        await self._offload(len(content), _write, descriptor, content)
        return path

    def drop(self, folder: Path) -> None:
        """Delete it with all that is in it; safe to call twice."""
        shutil.rmtree(folder, ignore_errors=True)


def _write(descriptor: int, content: Octets) -> None:
    with os.fdopen(descriptor, "wb") as file:
        for start in range(0, len(content), _PIECE):
            file.write(content[start : start + _PIECE])
