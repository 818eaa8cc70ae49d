"""The fake DNS and RDAP servers as a program, beside a daemon that is a program."""

import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from tests.integration.daemon import PATIENCE, ROOT

_READY = re.compile(r"ready: dns (\S+) rdap (\S+)\n")


class _Internet(ProcessProtocol):
    def __init__(self) -> None:
        self.ready: Deferred[tuple[str, str]] = Deferred()
        self.ended: Deferred[None] = Deferred()
        self._said = ""

    def outReceived(self, data: bytes) -> None:
        self._said += data.decode()
        match = _READY.search(self._said)
        if match and not self.ready.called:
            self.ready.callback((match[1], match[2]))

    errReceived = outReceived

    def processEnded(self, reason: Failure) -> None:
        if not self.ready.called:
            self.ready.errback(RuntimeError(self._said))
        self.ended.callback(None)


@asynccontextmanager
async def internet() -> AsyncIterator[str]:
    """The lines of a configuration that make a daemon use it."""
    protocol = _Internet()
    argv = [sys.executable, "-m", "tests.fakes.internet"]
    process = reactor.spawnProcess(protocol, argv[0], argv, env=None, path=str(ROOT))
    try:
        dns, rdap = await protocol.ready.addTimeout(PATIENCE, reactor)
        yield (
            f"resolver: {{servers: ['{dns}'], destinations: any}}\n"
            f"contacts: {{rate: 1000, burst: 1000, rdap_bases: {{'*': '{rdap}'}}}}\n"
        )
    finally:
        process.signalProcess("KILL")
        await protocol.ended
