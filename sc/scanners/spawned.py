"""Scanners that are programs, started for each message."""

import re
from collections.abc import Sequence
from typing import Any

from attrs import field, frozen, validators

from sc.model.message import Message
from sc.model.verdict import RAW_LIMIT
from sc.programs.program import Limits, Printed, Program, UnfitMessageError
from sc.programs.search import ProgramError
from sc.scanners.ground import Ground
from sc.scanners.interface import MessageRefusedError, ScannerError
from sc.scanners.settings import ScannerSettings, positive
from sc.scanners.size import must_fit

_PATH = re.compile(r"(?<![\w/])(?:/[\w.+-]+){2,}")


def is_program(_instance: object, _attribute: Any, value: str) -> None:
    if not value or ("/" in value and not value.startswith("/")) or "\0" in value:
        raise ValueError("must be a bare name or an absolute path")


def is_folder(_instance: object, _attribute: Any, value: str) -> None:
    if not value.startswith("/") or "\0" in value:
        raise ValueError("must be an absolute path")


@frozen(kw_only=True)
class SpawnedSettings(ScannerSettings):
    """
    A scanner that is a program.

    @ivar max_octets: a larger message is skipped, with a symbol that says so.
    @ivar concurrency: processes at a time; what is more waits, within `timeout`.
    @ivar memory: octets that a process may use, and that a file of its may have.
    """

    max_octets: int = field(default=25 << 20, validator=positive)
    concurrency: int = field(
        default=4, validator=[validators.ge(1), validators.le(256)]
    )
    memory: int = field(
        default=2 << 30, validator=[validators.ge(16 << 20), validators.le(1 << 40)]
    )


def raw(printed: Printed) -> str:
    """What the operator may read of it: without the paths of this machine."""
    text = f"exit code {printed.code}\n{printed.out}\n{printed.err}"
    return _PATH.sub("(path)", text.strip())[:RAW_LIMIT]


@frozen
class Spawner:
    """
    Runs a scanner's program, in the words of scanners.

    @ivar name: of the scanner.
    """

    name: str
    settings: SpawnedSettings
    _program: Program

    async def run(self, message: Message) -> Printed:
        """
        @raise ScannerError: the program gave no answer.
        @raise NotScannedError: the message is too large for it.
        """
        must_fit(message.content, self.settings.max_octets, self.name)
        try:
            return await self._program.run(message.content)
        except UnfitMessageError as e:
            raise MessageRefusedError(str(e)) from e
        except ProgramError as e:
            raise ScannerError(str(e)) from e

    def check(self) -> None:
        """
        @raise ScannerError: the program is not here, or cannot be used.
        """
        try:
            self._program.check()
        except ProgramError as e:
            raise ScannerError(str(e)) from e


def spawner(
    name: str, argv: Sequence[str], settings: SpawnedSettings, ground: Ground
) -> Spawner:
    """@param argv: the program, a bare name or an absolute path, and its arguments."""
    limits = Limits(settings.timeout, settings.memory, settings.concurrency)
    program = Program(ground.reactor, ground.scratch, argv, limits)
    return Spawner(name, settings, program)
