"""A UNIX socket is only trusted where no stranger can have put it.

Whoever may write a folder on the way to it, or owns a name in a folder like /tmp, can
put a socket of his own there and be the virus scanner.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from sc.net.server_pool import ExchangeError

MAX_LINKS = 40
"""Symbolic links on the way, as Linux counts them (path_resolution(7))."""


def refuse_planted(path: Path) -> None:
    """
    @raise ExchangeError: somebody else can have put it there, or it is not there.
    """
    try:
        names = list(_names(path))
        # In the folder of the socket itself sticky is not enough: it may be missing.
        planted = any(map(_is_shared, names[-1:])) or any(map(_may_be_planted, names))
    except OSError:
        raise ExchangeError("its socket does not exist") from None
    if planted:
        raise ExchangeError("its socket lies in a folder that everybody may write")


def _names(path: Path) -> Iterator[Path]:
    """
    Every name on the way, also behind symbolic links, the socket's own last.

    @raise OSError: there is no such way.
    """
    at, left, links = Path("/"), list(reversed(path.parts[1:])), 0
    while left:
        name = left.pop()
        if name == "..":
            at = at.parent
            continue
        entry = at / name
        yield entry
        if not entry.is_symlink():
            at = entry
            continue
        links += 1
        if links > MAX_LINKS:
            raise OSError("too many symbolic links")
        target = entry.readlink()
        at = Path("/") if target.is_absolute() else at
        left += reversed([part for part in target.parts if part != "/"])


def _is_shared(name: Path) -> bool:
    return bool(name.parent.stat().st_mode & stat.S_IWOTH)


def _may_be_planted(name: Path) -> bool:
    """In a sticky folder a name belongs to whoever made it."""
    sticky = name.parent.stat().st_mode & stat.S_ISVTX
    ours = name.lstat().st_uid in (0, os.geteuid())
    return _is_shared(name) and not (sticky and ours)
