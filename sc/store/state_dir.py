"""The folder where a daemon keeps what must survive it; one daemon a folder."""

import fcntl
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

KEY_OCTETS = 32


class StateDirError(Exception):
    """The folder cannot be used; the text says which, and why."""


def choose_state_dir(
    configured: str | None,
    environ: Mapping[str, str],
    installed: Path = Path("/var/lib/sc"),
    local: Path = Path("var"),
) -> Path:
    """
    The configured folder, else systemd's, else the installed one, else a local one.

    Creates nothing, so that a mere check of the configuration leaves no trace.
    """
    if configured:
        return Path(configured)
    # systemd joins several StateDirectory= folders with colons.
    given = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if given:
        return Path(given)
    return installed if os.access(installed, os.W_OK | os.X_OK) else local.absolute()


class StateDir:
    """
    A folder of mode 0700, held by this process from `lock` to `unlock`.

    @ivar folder: its path.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: int | None = None

    def lock(self) -> None:
        """
        Create the folder if need be and keep other daemons out.

        Call it in the process that stays: after twistd has gone to the background.

        @raise StateDirError: it cannot be made or written, or is in use.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(
                self.path("lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        except OSError as e:
            raise StateDirError(f"{self.folder}: {e.strerror}") from e
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            holder = _holder(lock)
            os.close(lock)
            raise StateDirError(
                f"another daemon{holder} uses {self.folder}: stop it, or give this"
                " one a state_dir of its own"
            ) from e
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        self._lock = lock

    def unlock(self) -> None:
        """Let others in; safe to call twice."""
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    def path(self, name: str) -> Path:
        return self.folder / name

    def key(self, name: str) -> bytes:
        """
        A secret of 32 octets, made at the first call and the same ever after.

        @raise StateDirError: it cannot be read or written, or is damaged.
        """
        path = self.path(name)
        try:
            if not path.exists():
                _write_durably(path, secrets.token_bytes(KEY_OCTETS))
            key = path.read_bytes()
        except OSError as e:
            raise StateDirError(f"{path}: {e.strerror}") from e
        if len(key) != KEY_OCTETS:
            raise StateDirError(f"{path}: is not a key of {KEY_OCTETS} octets")
        return key


def _holder(lock: int) -> str:
    pid = os.pread(lock, 20, 0).strip()
    return f" (pid {int(pid)})" if pid.isdigit() else ""


def _write_durably(path: Path, content: bytes) -> None:
    """A crash leaves the whole file or none: half a key would change every token."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(new, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
