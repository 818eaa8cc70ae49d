"""The programs under measurement, and those that they need."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from bench.place import Place

READY = 60.0
HOST = "127.0.0.1"

SPAMD_PING = b"PING SPAMC/1.5\r\n\r\n", b"PONG"
CLAMD_PING = b"zPING\0", b"PONG"
HTTP_PING = b"GET /readyz HTTP/1.0\r\n\r\n", b"200 OK"
DNS_PING = b"\0\x17\0\1\0\0\0\1" + bytes(6) + b"\5ready\0\0\1\0\1", b"ready"
"""What is sent, and what the answer of a server that is ready holds."""

STUB = """
import socket, sys, time
REPLY = b"SPAMD/1.1 0 EX_OK\\r\\nContent-length: 0\\r\\n"
REPLY += b"Spam: False ; 2.5 / 5.0\\r\\n\\r\\n"
door = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
while True:
    s, _ = door.accept()
    data = s.recv(1 << 20)
    if data.startswith(b"PING"):
        s.sendall(b"SPAMD/1.5 0 PONG\\r\\n")
    else:
        while data:
            if b"SC-BENCH-HANG" in data:
                time.sleep(3600)
            data = s.recv(1 << 20)
        s.sendall(REPLY)
    s.close()
"""
HANG = b"SC-BENCH-HANG\r\n"
"""With this in a message the stub accepts connections and never answers again."""

STUBBED = b"Spam: False ; 3.0 / 6.0"
"""What the daemon says when the stub has been asked: its 2.5 of 5, on our scale."""


def free_port() -> int:
    with socket.create_server((HOST, 0)) as s:
        return int(s.getsockname()[1])


@contextmanager
def running(
    argv: Sequence[str],
    port: int,
    core: int | None,
    ping: tuple[bytes, bytes] = SPAMD_PING,
    stdin: IO[bytes] | None = None,
) -> Iterator[Place]:
    """A server on one core, or on all, from its first answer until the block ends."""
    process = subprocess.Popen(
        list(argv),
        stdin=stdin or subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    cores = range(os.cpu_count() or 1)
    os.sched_setaffinity(
        process.pid, cores if core is None else {cores[core % len(cores)]}
    )
    try:
        _await_answer(process, port, *ping)
        yield Place(HOST, port, process.pid)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await_answer(
    process: "subprocess.Popen[bytes]", port: int, ping: bytes, pong: bytes
) -> None:
    until = time.monotonic() + READY
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection((HOST, port), 1) as s:
            s.sendall(ping)
            if pong in s.recv(1000):
                return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not answer on port {port}")


@contextmanager
def daemon(
    folder: Path,
    scanners: str,
    core: int | None = 0,
    door: str = "spamd",
    rest: str = "",
) -> Iterator[Place]:
    """Our daemon with one door open; `scanners` and `rest` are configuration."""
    port = free_port()
    closed = {"spamd", "http", "lmtp", "smtp"} - {door}
    config = folder / f"sc-{port}.yaml"
    config.write_text(
        f"state_dir: {folder / f'state-{port}'}\n"
        "listeners:\n"
        f"  {door}: {{endpoint: 'tcp:{port}:interface={HOST}'}}\n"
        + "".join(f"  {name}: {{enabled: false}}\n" for name in sorted(closed))
        + f"scanners:\n{scanners}{rest}"
    )
    twistd = shutil.which("twistd", path=str(Path(sys.executable).parent)) or "twistd"
    argv = [twistd, "--nodaemon", "--pidfile=", "sc", "--config", str(config)]
    ping = HTTP_PING if door == "http" else SPAMD_PING
    with running(argv, port, core, ping) as place:
        yield place


@contextmanager
def stub() -> Iterator[Place]:
    """A spamd that answers at once; on the client's core, off the daemon's."""
    port = free_port()
    with running([sys.executable, "-c", STUB, str(port)], port, 1) as place:
        yield place


@contextmanager
def names(zone: Mapping[str, Sequence[str]]) -> Iterator[Place]:
    """A name server; on the client's core, off the daemon's."""
    port = free_port()
    with tempfile.TemporaryFile() as stdin:
        stdin.write(json.dumps(zone).encode())
        stdin.seek(0)
        argv = [sys.executable, "-m", "bench.names", str(port)]
        with running(argv, port, 1, DNS_PING, stdin) as place:
            yield place


@contextmanager
def real_spamd(folder: Path) -> Iterator[Place]:
    """
    SpamAssassin's own daemon: local tests only, no Bayes, one child.

    @raise RuntimeError: it is not installed.
    """
    spamd = shutil.which("spamd", path=os.environ["PATH"] + ":/usr/sbin")
    if spamd is None:
        raise RuntimeError("spamd is not installed")
    port = free_port()
    user = ["-u", "debian-spamd"] if os.geteuid() == 0 else []
    argv = [
        *(spamd, "-L", "-x", *user, "-m", "2", "--listen", f"{HOST}:{port}"),
        *("-H", str(folder), "--cf=use_bayes 0", "--syslog=null"),
    ]
    with running(argv, port, 0) as place:
        yield place


@contextmanager
def real_clamd(folder: Path, core: int | None) -> Iterator[Place]:
    """
    ClamAV's own daemon, without its cache and with one signature.

    @raise RuntimeError: it is not installed.
    """
    clamd = shutil.which("clamd", path=os.environ["PATH"] + ":/usr/sbin")
    if clamd is None:
        raise RuntimeError("clamd is not installed")
    port, database = free_port(), folder / "clamav"
    database.mkdir(exist_ok=True)
    (database / "bench.ndb").write_text(f"Bench-Marker:0:*:{b'SC-BENCH'.hex()}\n")
    config = folder / "clamd.conf"
    config.write_text(
        f"Foreground true\nDatabaseDirectory {database}\nTCPSocket {port}\n"
        f"TCPAddr {HOST}\nDisableCache yes\nTemporaryDirectory {folder}\n"
    )
    argv = [clamd, f"--config-file={config}"]
    with running(argv, port, core, CLAMD_PING) as place:
        yield place
