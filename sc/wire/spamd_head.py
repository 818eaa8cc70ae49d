"""The head of a SPAMC or RSPAMC request: first line and headers, with their limits."""

import re

from attrs import define, field

from sc.wire.spamd import Command, Dialect, ProtocolError, Request

MAX_LINE = 8192
"""Octets of a line with its end: spamc's own buffer. spamd has no limit: a header of
1 MB cost it 20 seconds."""

MAX_HEADERS = 255
"""Lines beside Rcpt; spamd refuses the 256th."""

MAX_HEAD = 64 * 1024
"""Octets of all lines but Rcpt."""

MAX_RECIPIENTS = 10_000
"""Exim sends one Rcpt line for each recipient, all at once; its limit is the site's."""

MAX_RECIPIENT_HEAD = 2 * 1024 * 1024
"""Octets of the Rcpt lines: 200 for each of `MAX_RECIPIENTS`."""

MAX_LENGTH_DIGITS = 12
"""Digits of a Content-length; int() of a stranger's 8,000 digits is not free."""

KNOWN = {
    Dialect.SPAMC: frozenset({"content-length", "user", "compress"}),
    Dialect.RSPAMC: frozenset(
        {"content-length", "from", "rcpt", "ip", "helo", "hostname", "user", "queue-id"}
    ),
}
"""The headers that mean something here; the rest is ignored, as by spamd."""

ELSEWHERE = frozenset({"file", "path", "shm", "key"})
"""rspamd reads the message from where these point: a way to read our files. Ignored,
they would have us pass an empty message as clean."""

_COMMANDS = {
    Dialect.SPAMC: frozenset(Command),
    Dialect.RSPAMC: frozenset({Command.CHECK, Command.SYMBOLS}),
}
_NAMES = "|".join(command.value for command in Command)
# command SP "SPAMC/" version (LF or CRLF; the headers end in CRLF only, as in spamd)
_FIRST = re.compile(
    rb"(%b) (R?SPAMC)/(\d{1,2})\.(\d{1,2})[ \t]*\r?\n" % _NAMES.encode()
)
# Blanks around the value are stripped later: a regex for them would cost the square of
# the line's length.
_HEADER = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)\r\n", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@define
class Head:
    """
    Takes one line after the other; complete, it is a `Request`.

    @ivar complete: the line that ended it was taken.
    @ivar dialect: known after the first line, SPAMC before.
    """

    complete: bool = False
    dialect: Dialect = Dialect.SPAMC
    _command: Command | None = None
    _version: tuple[int, int] = (1, 0)
    _headers: list[tuple[str, str]] = field(factory=list)
    _length: int | None = None
    _lines: int = 0
    _octets: int = 0
    _recipient_octets: int = 0
    _recipients: int = 0

    @property
    def started(self) -> bool:
        return self._command is not None

    def take(self, line: bytes) -> None:
        """
        @param line: with its line end, at most `MAX_LINE` octets.
        @raise ProtocolError: it is none of the grammar, or one too many.
        """
        if self._command is None:
            self._take_first(line)
        elif line == b"\r\n":
            self.complete = True
        else:
            self._take_header(line)

    def request(self) -> Request:
        assert self._command is not None
        return Request(
            self.dialect,
            self._command,
            self._version,
            tuple(self._headers),
            self._length,
        )

    def _take_first(self, line: bytes) -> None:
        match = _FIRST.fullmatch(line)
        if match is None:
            raise ProtocolError(_echo(line))
        dialect, command = Dialect(match[2].decode()), Command(match[1].decode())
        self.dialect = dialect
        if command not in _COMMANDS[dialect]:
            raise ProtocolError(_echo(line))
        self._command = command
        self._version = (int(match[3]), int(match[4]))
        self.complete = dialect is Dialect.SPAMC and not self._has_headers()

    def _has_headers(self) -> bool:
        """Version 1.0 sends none; PING and SKIP end with their line below 1.5."""
        assert self._command is not None
        return self._version > ((1, 0) if self._command.has_body else (1, 4))

    def _take_header(self, line: bytes) -> None:
        match = _HEADER.fullmatch(line)
        if match is None:
            raise ProtocolError("(header not in 'Name: value' format)")
        name, value = match[1].decode("ascii").lower(), _text(match[2].strip(b" \t"))
        self._count(name, len(line))
        if name in KNOWN[self.dialect]:
            self._keep(name, value)
        elif name in ELSEWHERE and self.dialect is Dialect.RSPAMC:
            raise ProtocolError(f"({name.title()}: the message must be in the body)")

    def _count(self, name: str, octets: int) -> None:
        if name == "rcpt" and self.dialect is Dialect.RSPAMC:
            self._recipients += 1
            self._recipient_octets += octets
        else:
            self._lines += 1
            self._octets += octets
        if self._lines > MAX_HEADERS or self._octets > MAX_HEAD:
            raise ProtocolError("(too many headers)")
        if (
            self._recipients > MAX_RECIPIENTS
            or self._recipient_octets > MAX_RECIPIENT_HEAD
        ):
            raise ProtocolError("(too many recipients)")

    def _keep(self, name: str, value: str) -> None:
        if _CONTROL.search(value):
            raise ProtocolError(f"({name.title()} header contains control chars)")
        if name == "content-length":
            self._take_length(value)
        if name == "compress" and value.lower() != "zlib":
            raise ProtocolError(f"(compression type not supported: {value})")
        self._headers.append((name, value))

    def _take_length(self, value: str) -> None:
        if not (value.isascii() and value.isdigit()):
            raise ProtocolError("(Content-Length contains non-numeric bytes)")
        if len(value) > MAX_LENGTH_DIGITS:
            raise ProtocolError("(Content-Length out of range)")
        # spamd takes the last one; with two different ones somebody is lying.
        if self._length not in (None, int(value)):
            raise ProtocolError("(Content-Length given twice)")
        self._length = int(value)


def _echo(line: bytes) -> str:
    return line.rstrip(b"\r\n").decode("latin-1")


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
