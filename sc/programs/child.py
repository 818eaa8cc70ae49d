"""One running program, in the daemon's eyes."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessTerminated
from twisted.internet.interfaces import IPullProducer
from twisted.internet.process import Process
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from sc.model.octets import Octets
from sc.programs.confine import WHY

MAX_OUTPUT = 64 * 1024
"""Octets of stdout and stderr together: a few lines are expected."""

_PIECE = 64 * 1024


@frozen
class Ended:
    """
    @ivar code: its exit code; None: a signal ended it.
    @ivar signal: the number of that signal, or 0.
    @ivar why: it was never started.
    """

    code: int | None
    signal: int
    why: str
    flooded: bool
    out: bytes
    err: bytes


@implementer(IPullProducer)
class Child(ProcessProtocol):
    """
    @ivar ended: fires with how, when it is gone and all of its output was read.
    """

    transport: Process

    def __init__(self, content: Octets, afterwards: Callable[[], None]) -> None:
        """
        @param content: what it reads from stdin.
        @param afterwards: called when it is gone, also if nobody waits any more.
        """
        self.ended: Deferred[Ended] = Deferred()
        self._content, self._at = content, 0
        self._afterwards = afterwards
        self._said: dict[int, bytearray] = {n: bytearray() for n in (1, 2, WHY)}
        self._pid = 0
        self._flooded = False
        self._gone = False

    def connectionMade(self) -> None:
        assert self.transport.pid is not None, "it has just been started"
        self._pid = self.transport.pid
        self.transport.registerProducer(self, streaming=False)

    def resumeProducing(self) -> None:
        """stdin takes more: a large message is never copied as a whole."""
        piece = self._content[self._at : self._at + _PIECE]
        self._at += len(piece)
        if piece:
            self.transport.write(piece)
        else:
            self.transport.unregisterProducer()
            self.transport.closeStdin()

    def stopProducing(self) -> None:
        """It reads no more; many scanners have seen enough before the end."""

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        if self._flooded:
            return
        self._said[childFD] += data
        if sum(map(len, self._said.values())) > MAX_OUTPUT:
            self._flooded = True
            self._kill()

    def processExited(self, reason: Failure) -> None:
        """What it forked and left behind must not hold its output open."""
        self._kill_group()

    def processEnded(self, reason: Failure) -> None:
        self._gone = True
        self._afterwards()
        said = {number: bytes(octets) for number, octets in self._said.items()}
        why = said[WHY].decode("utf-8", "replace")
        code, number = _status(reason.value)
        self.ended.callback(Ended(code, number, why, self._flooded, said[1], said[2]))

    def abandon(self) -> None:
        """Nobody waits any more: it ends now, with all that it forked."""
        if self._gone:
            return
        self._kill()
        self._content = b""
        self.transport.loseConnection()

    def _kill(self) -> None:
        self._kill_group()
        # Before it has a session of its own there is no such group.
        if self.transport.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)


def _status(error: BaseException | None) -> tuple[int | None, int]:
    """Exit code and signal."""
    if isinstance(error, ProcessTerminated):
        return error.exitCode, error.signal or 0
    return 0, 0
