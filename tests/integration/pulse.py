"""Asks /healthz again and again until its input ends: how long was the longest answer?

    python -m tests.integration.pulse PORT

A process of its own, so that neither the test's loop nor its interpreter is measured.
"""

import select
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from attrs import define
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from tests.integration.daemon import ROOT

PAUSE = 0.001
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
OK = b'{"status": "ok"}'


@define
class Pulse:
    """
    @ivar answers: how often the daemon answered.
    @ivar longest: seconds of the longest answer.
    """

    answers: int = 0
    longest: float = 0.0


class _Asker(ProcessProtocol):
    def __init__(self) -> None:
        self.begun: Deferred[None] = Deferred()
        self.ended: Deferred[None] = Deferred()
        self.said = b""

    def outReceived(self, data: bytes) -> None:
        self.said += data
        if not self.begun.called:
            self.begun.callback(None)

    def processEnded(self, reason: Failure) -> None:
        self.ended.callback(None)


@asynccontextmanager
async def pulse(port: int) -> AsyncIterator[Pulse]:
    """Measures while the body runs; the result is there when it has ended."""
    asker, result = _Asker(), Pulse()
    argv = [sys.executable, "-m", "tests.integration.pulse", str(port)]
    process = reactor.spawnProcess(asker, argv[0], argv, env=None, path=str(ROOT))
    try:
        await asker.begun
        yield result
    finally:
        process.closeStdin()
        await asker.ended
    _, answers, longest = asker.said.split()
    result.answers, result.longest = int(answers), float(longest)


def ask(port: int) -> Pulse:
    """Ask until standard input ends."""
    found = Pulse()
    with socket.create_connection(("127.0.0.1", port), 60.0) as connection:
        print("begun", flush=True)
        ended = False
        while not ended:  # asked at least once, however short the work is
            started, answer = time.perf_counter(), b""
            connection.sendall(REQUEST)
            while OK not in answer:
                answer += connection.recv(4096) or sys.exit("hung up")
            found.answers += 1
            found.longest = max(found.longest, time.perf_counter() - started)
            ended = bool(select.select([sys.stdin], [], [], PAUSE)[0])
    return found


if __name__ == "__main__":
    pulse_of = ask(int(sys.argv[1]))
    print(pulse_of.answers, pulse_of.longest)
