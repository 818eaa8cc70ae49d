"""Where a program is, and whether it may be trusted."""

import os
import shutil
import stat
from pathlib import Path

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Ours, whatever the daemon was started with; the program's, too."""


class ProgramError(Exception):
    """It gave no answer. The text names neither paths nor secrets."""


def find(name: str) -> str:
    """
    The path of a program that can be run and that not everybody can replace.

    @param name: a bare name, looked for in `PATH`, or an absolute path.
    @raise ProgramError: there is none.
    """
    if not name.startswith("/"):
        found = shutil.which(name, path=PATH)
        if found is None:
            raise ProgramError(f"{name} is not installed")
        name = found
    path = Path(name)
    if not path.is_file():
        raise ProgramError(f"{path.name} is not installed")
    if not os.access(path, os.X_OK):
        raise ProgramError(f"{path.name} cannot be executed")
    real = path.resolve()
    if any(p.stat().st_mode & stat.S_IWOTH for p in (real, real.parent, path.parent)):
        raise ProgramError(f"{path.name} can be replaced by anybody: chmod o-w")
    return name
