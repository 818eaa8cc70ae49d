"""A PostgreSQL server of the tests' own, in a folder of its own, on a UNIX socket.

It can be killed, frozen and started again. Needs Debian's package `postgresql`; where
we are root it runs as `nobody`, because it refuses root.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg

from tests.programs import program

PATIENCE = 120.0
"""Seconds for a start or an end, on a machine that does much else."""

QUIET = ("-c", "fsync=off", "-c", "listen_addresses=", "-c", "max_connections=60")
_numbers = count(1)


def _binary(name: str) -> str:
    """Debian does not put the server into the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else program(name)


class Server:
    """@ivar folder: its data, socket and log."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """initdb."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody", "nogroup")
        argv = [_binary("initdb"), "-D", str(self.folder / "data"), "-U", "sc"]
        argv += ["-N", "-A", "trust", "--no-locale", "-E", "UTF8"]
        done = self._spawn(argv)
        assert done.wait(PATIENCE) == 0, self.log()

    def start(self, password: str | None = None) -> None:
        """Return when it takes connections."""
        deadline = time.monotonic() + PATIENCE
        while not self._answers(password):
            assert time.monotonic() < deadline, self.log()
            # Children of one that was killed may hold its memory for a moment.
            if self._process is None or self._process.poll() is not None:
                argv = [_binary("postgres"), "-D", str(self.folder / "data")]
                argv += [*QUIET, "-k", str(self.folder), *self._options]
                self._process = self._spawn(argv)
            time.sleep(0.05)

    def kill(self) -> None:
        """As a power cut does: no goodbye to anybody."""
        self._signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait(PATIENCE)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.thaw()
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(PATIENCE)

    def freeze(self) -> None:
        """It keeps its connections and says nothing more."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def url(self, schema: str = "public", more: str = "") -> str:
        host, path = quote(str(self.folder), safe=""), quote(f"-c search_path={schema}")
        return f"postgresql://sc@/postgres?host={host}&options={path}{more}"

    @contextmanager
    def schema(self) -> Iterator[str]:
        """The URL of an empty place, which is gone afterwards."""
        name = f"t{next(_numbers)}"
        self._execute(f"CREATE SCHEMA {name}")
        yield self.url(name)
        self._execute(f"DROP SCHEMA {name} CASCADE")

    def _execute(self, sql: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.encode())

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def _answers(self, password: str | None) -> bool:
        if self._process is None or self._process.poll() is not None:
            return False
        with suppress(psycopg.OperationalError):
            psycopg.connect(self.url(), password=password, connect_timeout=10).close()
            return True
        return False

    def _spawn(self, argv: list[str]) -> "subprocess.Popen[bytes]":
        as_root = os.geteuid() == 0
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                user="nobody" if as_root else None,
                group="nogroup" if as_root else None,
                extra_groups=[] if as_root else None,
            )

    def _signal(self, number: signal.Signals) -> None:
        """To the server first, so that it starts no more children."""
        assert self._process is not None
        for pid in (self._process.pid, *_children(self._process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def _children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name of the program, in parentheses, may hold anything.
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(path.parent.name))
    return found


@contextmanager
def running(*options: str) -> Iterator[Server]:
    """A server that answers; gone afterwards."""
    _binary("initdb")
    with tempfile.TemporaryDirectory(prefix="sc-pg-") as folder:
        server = Server(Path(folder), *options)
        server.make()
        try:
            server.start()
            yield server
        finally:
            server.stop()
