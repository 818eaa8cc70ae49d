"""Postfix's load tools as real peers: smtp-source before us, smtp-sink behind us."""

import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from attrs import frozen
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from tests.programs import Finished, postfix_env, program, run


@frozen
class Sink:
    """
    @ivar server: the path of its socket.
    @ivar folder: one file for each message that it took.
    """

    server: str
    folder: Path

    def messages(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted(self.folder.iterdir())]


class _Process(ProcessProtocol):
    def __init__(self) -> None:
        self.ended: Deferred[None] = Deferred()
        self.err = b""

    def errReceived(self, data: bytes) -> None:
        self.err += data

    def processEnded(self, reason: Failure) -> None:
        self.ended.callback(None)


@asynccontextmanager
async def smtp_sink(tmp_path: Path, *options: str) -> AsyncIterator[Sink]:
    """A real server that takes everything, or what `options` make of it."""
    folder, server = tmp_path / "taken", tmp_path / "sink"
    folder.mkdir()
    argv = [program("smtp-sink"), "-u", getpass.getuser(), "-d", f"{folder}/m."]
    process = _Process()
    transport = reactor.spawnProcess(
        process, argv[0], [*argv, *options, f"unix:{server}", "100"], env=postfix_env()
    )
    try:
        while not server.exists():
            assert not process.ended.called, process.err
            await deferLater(reactor, 0.01)
        yield Sink(str(server), folder)
    finally:
        with suppress(ProcessExitedAlready):
            transport.signalProcess("TERM")
        await process.ended


async def smtp_source(*options: str) -> Finished:
    """Run a real client to its end."""
    return await run([program("smtp-source"), *options], env=postfix_env())
