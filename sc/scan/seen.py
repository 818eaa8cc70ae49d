"""Which scanners were ever seen up: remembered, so that a missing one is an error."""

import json
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from twisted.logger import Logger

MAX_OCTETS = 64 * 1024
_NAME = re.compile(r"[a-z0-9_.-]{1,64}")


class SeenMemory(Protocol):
    def load(self) -> frozenset[str]:
        """The names of all scanners that were ever up."""
        ...

    def remember(self, name: str) -> None: ...


class SeenFile:
    """
    A small JSON file in the state folder.

    A file that cannot be read or written costs the memory, never the daemon.
    """

    _log = Logger()

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> frozenset[str]:
        try:
            with self._path.open("rb") as file:
                names = json.loads(file.read(MAX_OCTETS))
            if not isinstance(names, list):
                raise ValueError("not a list of names")
        except FileNotFoundError:
            return frozenset()
        except (OSError, ValueError, RecursionError) as e:
            self._log.warn(
                "cannot read which scanners were seen before: {path}: {e};"
                " a missing one with `enabled: auto` is skipped until it was up",
                path=self._path,
                e=e,
            )
            return frozenset()
        return frozenset(n for n in names if isinstance(n, str) and _NAME.fullmatch(n))

    def remember(self, name: str) -> None:
        names = sorted(self.load() | {name})
        try:
            self._write(json.dumps(names).encode("ascii"))
        except OSError as e:
            self._log.warn(
                "cannot remember that {name} was seen up: {path}: {e}",
                name=name,
                path=self._path,
                e=e,
            )

    def _write(self, octets: bytes) -> None:
        """Whole or not at all: a crash leaves the old file."""
        number, name = tempfile.mkstemp(dir=self._path.parent, prefix=".seen-")
        try:
            with os.fdopen(number, "wb") as file:
                file.write(octets)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except OSError:
            with suppress(OSError):
                Path(name).unlink()
            raise
