"""Runs a program over a message: bounded in time, memory, output and number."""

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.defer import TimeoutError as DeadlineError

from sc.model.octets import Octets
from sc.programs import confine
from sc.programs.child import MAX_OUTPUT, Child, Ended
from sc.programs.scratch import NAME, Scratch
from sc.programs.search import PATH, ProgramError, find

FILE = "{file}"
"""Within an argument: the message's own file; without it the message goes to stdin."""


class UnfitMessageError(ProgramError):
    """The program broke on this very message; others may fare better."""


@frozen
class Limits:
    """
    @ivar timeout: seconds for one run, waiting for its turn included.
    @ivar memory: octets of its address space, and of a file that it writes.
    @ivar concurrency: processes at a time.
    """

    timeout: float
    memory: int
    concurrency: int


@frozen
class Printed:
    """
    @ivar code: the exit code.
    @ivar out: and err: what it printed, without the folder of the message.
    """

    code: int
    out: str
    err: str


class Program:
    """Starts one process for each message."""

    def __init__(
        self, reactor: Any, scratch: Scratch, argv: Sequence[str], limits: Limits
    ) -> None:
        """
        @param reactor: starts processes and has the time.
        @param argv: the program, a bare name or an absolute path, and its arguments.
        """
        self._reactor, self._scratch = reactor, scratch
        self._argv, self._limits = tuple(argv), limits
        self._turns = DeferredSemaphore(limits.concurrency)

    def check(self) -> None:
        """
        @raise ProgramError: it is not here, or cannot be used.
        """
        find(self._argv[0])

    async def run(self, content: Octets) -> Printed:
        """
        What it says about a message.

        @raise ProgramError: nothing, and why.
        """
        work = Deferred.fromCoroutine(self._in_turn(content))
        work.addTimeout(self._limits.timeout, self._reactor)
        try:
            return await work
        except DeadlineError:
            text = f"no answer within {self._limits.timeout:g} s"
            raise ProgramError(text) from None

    async def _in_turn(self, content: Octets) -> Printed:
        await self._turns.acquire()
        try:
            return await self._run(content)
        finally:
            self._turns.release()

    async def _run(self, content: Octets) -> Printed:
        path = find(self._argv[0])
        try:
            folder = self._scratch.make()
        except OSError as e:
            raise ProgramError(f"no folder for the message: {e.strerror}") from e
        try:
            return await self._run_in(folder, path, content)
        finally:
            self._scratch.drop(folder)

    async def _run_in(self, folder: Path, path: str, content: Octets) -> Printed:
        argv = [path, *(a.replace(FILE, str(folder / NAME)) for a in self._argv[1:])]
        if argv[1:] != list(self._argv[1:]):
            try:
                await self._scratch.write(folder, content)
            except OSError as e:
                raise ProgramError(f"no file for the message: {e.strerror}") from e
            content = b""
        child = Child(content, lambda: self._scratch.drop(folder))
        self._start(child, argv, folder)
        try:
            ended = await child.ended
        finally:
            child.abandon()
        return _printed(ended, folder)

    def _start(self, child: Child, argv: list[str], folder: Path) -> None:
        environment = {
            "PATH": PATH,
            "LC_ALL": "C.UTF-8",
            "HOME": str(folder),
            "TMPDIR": str(folder),
        }
        bounds = [str(self._limits.memory), str(math.ceil(self._limits.timeout))]
        python = [sys.executable, "-I", "-S", str(Path(confine.__file__)), *bounds]
        pipes = {0: "w", 1: "r", 2: "r", confine.WHY: "r"}
        try:
            # No working directory: then Twisted need not fork the whole daemon.
            self._reactor.spawnProcess(
                child, python[0], python + argv, environment, None, childFDs=pipes
            )
        except OSError as e:
            raise ProgramError(f"cannot be started: {e.strerror}") from e


def _printed(ended: Ended, folder: Path) -> Printed:
    if ended.why:
        raise ProgramError(f"cannot be started: {ended.why}")
    if ended.flooded:
        raise UnfitMessageError(f"printed more than {MAX_OUTPUT} octets")
    if ended.code is None:
        raise UnfitMessageError(f"was ended by signal {ended.signal}")
    out, err = (_text(octets, folder) for octets in (ended.out, ended.err))
    return Printed(ended.code, out, err)


def _text(octets: bytes, folder: Path) -> str:
    text = octets.decode("utf-8", "replace").replace(f"{folder}/", "")
    return text.replace(str(folder), ".")
