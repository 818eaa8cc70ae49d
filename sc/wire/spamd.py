"""SPAMC and RSPAMC, the words that both sides of the codec share.

SPAMC 1.0 to 1.5 is spamd's protocol (spamd/PROTOCOL in SpamAssassin); RSPAMC is the
older one of rspamd, spoken by Exim's `variant=rspamd`. Both are told apart by the first
line, so one port serves both.
"""

import re
from enum import Enum
from typing import TypeAlias

from attrs import field, frozen

_UNSAFE = re.compile(r"[^\x20-\x7e]")

ECHO = 100
"""Characters of a stranger's line that we repeat to it; spamd repeats 100 kB."""


class Dialect(Enum):
    SPAMC = "SPAMC"
    RSPAMC = "RSPAMC"


class Command(Enum):
    CHECK = "CHECK"
    SYMBOLS = "SYMBOLS"
    REPORT = "REPORT"
    REPORT_IFSPAM = "REPORT_IFSPAM"
    PROCESS = "PROCESS"
    HEADERS = "HEADERS"
    TELL = "TELL"
    PING = "PING"
    SKIP = "SKIP"

    @property
    def has_body(self) -> bool:
        return self not in (Command.PING, Command.SKIP)


class Code(Enum):
    """sysexits(3), as spamd uses them; the value is what is sent."""

    UNAVAILABLE = 69
    TOO_LARGE = 74
    PROTOCOL = 76
    TIMEOUT = 79


_INTRODUCTIONS = {
    Code.UNAVAILABLE: "Service Unavailable: ",
    Code.TOO_LARGE: "Message too large: ",
    Code.PROTOCOL: "Bad header line: ",
    Code.TIMEOUT: "Timeout: ",
}


class ProtocolError(Exception):
    """
    The client asked for something that cannot be answered.

    @ivar reset: no line may be sent; the connection is reset.
    """

    def __init__(
        self, text: str, code: Code = Code.PROTOCOL, *, reset: bool = False
    ) -> None:
        super().__init__(printable(text))
        self.code = code
        self.reset = reset


def printable(text: str) -> str:
    """A stranger's text, short and harmless in a line of ours and in the log."""
    cut = _UNSAFE.sub("?", text[: ECHO + 1])
    return cut if len(cut) <= ECHO else cut[:ECHO] + "..."


def error_line(error: ProtocolError, dialect: Dialect = Dialect.SPAMC) -> bytes:
    """
    One line, and nothing behind it.

    With `Content-length: 0` and a blank line spamc would print an empty message and
    exit 0: the mail would be lost. With a blank line alone `spamc -L` reports success.
    """
    version = "SPAMD/1.0" if dialect is Dialect.SPAMC else "RSPAMD/1.3"
    text = f"{version} {error.code.value} {_INTRODUCTIONS[error.code]}{error}\r\n"
    return text.encode("ascii")


@frozen
class Request:
    """
    @ivar version: major and minor number, (1, 5).
    @ivar headers: lower-case name and value, in their order; octets above 127 that
        are no UTF-8 stand as Latin-1. Only those that `spamd_request` knows.
    @ivar length: what Content-length declared; None: the body ends with the FIN.
    """

    dialect: Dialect
    command: Command
    version: tuple[int, int]
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None

    def header(self, name: str) -> str | None:
        """The last value of a header, as spamd reads it, or None."""
        values = self.all(name)
        return values[-1] if values else None

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.headers if key == name)


@frozen
class RequestReceived:
    """The head is whole; the body follows."""

    request: Request


@frozen
class BodyReceived:
    """The next octets of the message, decompressed."""

    octets: bytes = field(repr=lambda b: f"<{len(b)} octets>")


@frozen
class RequestEnded:
    """Nothing more is wanted: the reply is due. What still comes is ignored."""


Event: TypeAlias = RequestReceived | BodyReceived | RequestEnded
