"""The programs under measurement: our daemon, real spamd, and a stub spamd."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

READY = 60.0
PONG = b"PONG"
HOST = "127.0.0.1"

STUB = """
import socket, sys
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
            data = s.recv(1 << 20)
        s.sendall(REPLY)
    s.close()
"""
STUBBED = b"Spam: False ; 3.0 / 6.0"
"""What the daemon says when the stub has been asked: its 2.5 of 5, on our scale."""


def free_port() -> int:
    with socket.create_server((HOST, 0)) as s:
        return int(s.getsockname()[1])


@contextmanager
def running(
    argv: Sequence[str], port: int, core: int, env: Mapping[str, str] | None = None
) -> Iterator[tuple[str, int]]:
    """A server on one core, from its first PONG until the block ends."""
    process = subprocess.Popen(
        list(argv),
        env={**os.environ, **(env or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.sched_setaffinity(process.pid, {core % (os.cpu_count() or 1)})
    try:
        _await_pong(process, port)
        yield HOST, port
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await_pong(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + READY
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection((HOST, port), 1) as s:
            s.sendall(b"PING SPAMC/1.5\r\n\r\n")
            s.shutdown(socket.SHUT_WR)
            if PONG in s.recv(100):
                return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not answer on port {port}")


@contextmanager
def daemon(folder: Path, scanners: str, core: int = 0) -> Iterator[tuple[str, int]]:
    """Our daemon with only the spamd door open."""
    port = free_port()
    config = folder / f"sc-{port}.yaml"
    config.write_text(
        f"state_dir: {folder / f'state-{port}'}\n"
        "listeners:\n"
        f"  spamd: {{endpoint: 'tcp:{port}:interface={HOST}'}}\n"
        "  http: {enabled: false}\n  lmtp: {enabled: false}\n  smtp: {enabled: false}\n"
        f"scanners:\n{scanners}"
    )
    twistd = shutil.which("twistd", path=str(Path(sys.executable).parent)) or "twistd"
    argv = [twistd, "--nodaemon", "--pidfile=", "sc", "--config", str(config)]
    with running(argv, port, core) as address:
        yield address


@contextmanager
def stub() -> Iterator[tuple[str, int]]:
    """A spamd that answers at once; on the client's core, off the daemon's."""
    port = free_port()
    with running([sys.executable, "-c", STUB, str(port)], port, 1) as address:
        yield address


@contextmanager
def real_spamd(folder: Path) -> Iterator[tuple[str, int]]:
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
    with running(argv, port, 0) as address:
        yield address
