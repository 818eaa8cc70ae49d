"""Run real programs from tests without blocking the reactor."""

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from attrs import frozen
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

UNPACKED = (
    "postfix/usr/sbin",
    "postfix/usr/lib/postfix/sbin",
    "sasl/usr/sbin",
    "opendmarc/usr/sbin",
)
PEERS = Path(__file__).resolve().parent.parent / ".peers"
"""Where `tests/install-peers` unpacks what cannot be installed beside the rest."""


@frozen
class Finished:
    code: int
    out: bytes
    err: bytes


def exit_code(reason: Failure) -> int:
    """A process's exit status; negative is the signal that ended it."""
    if reason.check(ProcessDone):
        return 0
    ended = reason.value
    assert isinstance(ended, ProcessTerminated)
    return int(-ended.signal if ended.exitCode is None else ended.exitCode)


class _Collector(ProcessProtocol):
    def __init__(self, stdin: bytes) -> None:
        self.done: Deferred[Finished] = Deferred()
        self._stdin, self._out, self._err = stdin, bytearray(), bytearray()

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self._stdin)
        self.transport.closeStdin()

    def outReceived(self, data: bytes) -> None:
        self._out += data

    def errReceived(self, data: bytes) -> None:
        self._err += data

    def processEnded(self, reason: Failure) -> None:
        code = exit_code(reason)
        self.done.callback(Finished(code, bytes(self._out), bytes(self._err)))


async def run(
    argv: Sequence[str],
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    timeout: float = 60.0,
) -> Finished:
    """Run to the end; killed after `timeout` seconds."""
    collector = _Collector(stdin)
    process = reactor.spawnProcess(
        collector, argv[0], list(argv), env={**os.environ, **(env or {})}
    )

    def kill() -> None:
        with suppress(ProcessExitedAlready):
            process.signalProcess("KILL")

    killer = reactor.callLater(timeout, kill)
    try:
        return await collector.done
    finally:
        if killer.active():
            killer.cancel()


def program(name: str) -> str:
    """
    The path of a real peer. Without it the test is skipped; with CI it fails.
    """
    unpacked = (str(PEERS / folder) for folder in UNPACKED)
    found = shutil.which(
        name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    ) or shutil.which(name, path=":".join(unpacked))
    if found is None:
        missing = f"{name} is not installed: run tests/install-peers as root"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def postfix_env() -> dict[str, str]:
    """What the unpacked Postfix programs need to find their libraries."""
    return {"LD_LIBRARY_PATH": str(PEERS / "postfix/usr/lib/postfix")}
