"""The whole daemon as a process, as twistd starts it."""

import os
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from tests.programs import exit_code

ROOT = Path(__file__).resolve().parent.parent.parent
READY = "ready:"
PATIENCE = 60.0
DOORS = {"http": 5000, "spamd": 5783, "lmtp": 5024, "smtp": 5025}


# Below the ports that Linux gives to clients: one of those may be taken by any
# connection of this host before the daemon listens.
_PORTS = iter(random.sample(range(10_000, 32_000), 22_000))


def free_port() -> int:
    """Never the same twice: two doors of a daemon would meet on it."""
    for port in _PORTS:
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no free port")


class Daemon(ProcessProtocol):
    """
    One run of the daemon.

    @ivar log: everything it printed.
    @ivar exited: fires with its exit code (negative: the signal).
    """

    def __init__(self, ports: dict[str, int], state: Path) -> None:
        self.ports, self.state = ports, state
        self.log = ""
        self.ready: Deferred[None] = Deferred()
        self.exited: Deferred[int] = Deferred()
        self.code: int | None = None

    def outReceived(self, data: bytes) -> None:
        self.log += data.decode("utf-8", "replace")
        if READY in self.log and not self.ready.called:
            self.ready.callback(None)

    errReceived = outReceived

    def processEnded(self, reason: Failure) -> None:
        self.code = exit_code(reason)
        if not self.ready.called:
            self.ready.errback(RuntimeError(f"daemon ended {self.code}:\n{self.log}"))
        self.exited.callback(self.code)

    def signal(self, number: signal.Signals) -> None:
        assert self.transport is not None
        if self.code is None:
            try:
                os.kill(self.transport.pid, number)
            except (ProcessLookupError, ProcessExitedAlready):
                return

    async def saw(self, text: str) -> None:
        """Return when the log holds `text`."""
        waited = 0.0
        while text not in self.log:
            assert waited < PATIENCE, f"never logged {text!r}:\n{self.log}"
            waited += 0.05
            await pause(0.05)


def pause(seconds: float) -> "Deferred[None]":
    done: Deferred[None] = Deferred()
    reactor.callLater(seconds, done.callback, None)
    return done


def config_text(folder: Path, ports: dict[str, int], extra: str = "") -> str:
    """
    A configuration with every door on a free port. `extra` goes on with the
    listeners, if it is indented; `PORT_name` in it is that door's endpoint.
    """
    doors = "".join(
        f"  {name}:\n    endpoint: tcp:{port}:interface=127.0.0.1\n"
        for name, port in ports.items()
        if f"  {name}:" not in extra
    )
    for name, port in ports.items():
        extra = extra.replace(f"PORT_{name}", f"tcp:{port}:interface=127.0.0.1")
    return f"state_dir: {folder / 'state'}\nlisteners:\n{doors}{extra}"


def spawn(config: Path, ports: dict[str, int], state: Path) -> Daemon:
    """Start it; the caller stops it."""
    daemon = Daemon(ports, state)
    twistd = Path(sys.executable).with_name("twistd")
    argv = [str(twistd), "--nodaemon", "--pidfile=", "sc", "--config", str(config)]
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    env.pop("COVERAGE_PROCESS_START", None)
    reactor.spawnProcess(daemon, argv[0], argv, env=env, path=str(ROOT))
    return daemon


async def stop(daemon: Daemon, patience: float = PATIENCE) -> int:
    """SIGTERM, then SIGKILL when it does not end."""
    killer = reactor.callLater(patience, daemon.signal, signal.SIGKILL)
    daemon.signal(signal.SIGTERM)
    code = await daemon.exited
    if killer.active():
        killer.cancel()
    return code


@asynccontextmanager
async def running(folder: Path, extra: str = "") -> AsyncIterator[Daemon]:
    """A ready daemon with its own ports and state; stopped at the end."""
    ports = {name: free_port() for name in DOORS}
    config = folder / "sc.yaml"
    config.write_text(config_text(folder, ports, extra))
    daemon = spawn(config, ports, folder / "state")
    try:
        await daemon.ready.addTimeout(PATIENCE, reactor)
        yield daemon
    finally:
        await stop(daemon)
