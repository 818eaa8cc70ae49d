"""What a scanner is: one class, no base, facts only."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Protocol

from sc.model.message import Message
from sc.model.verdict import Findings, ScannerResult, Symbol


class Interface(Enum):
    """How a scanner is reached, in the words of ecsd's status page."""

    SOCKET = "socket"
    NETWORK = "network"
    CLI = "cli"
    BUILTIN = "builtin"


class ScannerError(Exception):
    """The scanner could not decide. The text is shown to the operator."""


class MessageRefusedError(ScannerError):
    """This very message cannot be scanned; the scanner is well and scans others."""


class NotScannedError(Exception):
    """
    The scanner leaves such messages alone, by its settings: `skipped`, no error.

    @ivar symbol: says so in the verdict, where an operator may act on it.
    """

    def __init__(self, reason: str, symbol: Symbol | None = None) -> None:
        super().__init__(reason)
        self.symbol = symbol


class Scanner(Protocol):
    """Look at a message and say what you found."""

    @property
    def name(self) -> str: ...

    @property
    def needs(self) -> Sequence[str]:
        """Scanners whose results this one reads; it starts when they have settled."""
        ...

    @property
    def interface(self) -> Interface: ...

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        """
        @raise ScannerError: the scanner could not decide.
        @raise NotScannedError: it leaves such messages alone.
        """
        ...

    async def probe(self) -> None:
        """
        Ask whether the scanner would answer; built-ins always would.

        @raise ScannerError: it would not, and why.
        """
        ...
