"""Replies of an SMTP or LMTP server: octets in, bounded `Reply` values out."""

import re
from collections.abc import Iterator

from sc.wire.smtp import Reply

MAX_LINE = 2048
"""Octets of a line. RFC 5321 4.5.3.1.5 says 512; hosts that quote URLs write more."""

MAX_LINES = 100
"""Lines of a reply. The longest real one, to EHLO, has about 25."""

# RFC 5321 4.2: Reply-code [ SP textstring ] CRLF, or Reply-code "-" [ textstring ];
# the second digit is wider here, because hosts invent codes and mean the first.
_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)


class ProtocolError(Exception):
    """The server does not speak SMTP, or we were asked for something out of turn."""


def one_line(reply: Reply) -> str:
    """The reply as a person reads it in a log."""
    return " ".join((str(reply.code), *reply.lines))


class ReplyReader:
    """Octets in any cuts; only CRLF ends a line."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._code = 0
        self._lines: list[str] = []

    def receive_data(self, data: bytes) -> Iterator[Reply]:
        """
        Yield the replies that are complete.

        @raise ProtocolError: not a reply, or longer than our limits.
        """
        self._buffer += data
        while (end := self._buffer.find(b"\r\n")) >= 0:
            if end > MAX_LINE:
                break
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 2]
            if (reply := self._take(line)) is not None:
                yield reply
        if len(self._buffer) > MAX_LINE + 1:  # the CR of a line that just fits
            raise ProtocolError(f"reply line over {MAX_LINE} octets")

    def _take(self, line: bytes) -> Reply | None:
        match = _LINE.fullmatch(line)
        if match is None or b"\r" in line or b"\n" in line:
            raise ProtocolError("not a reply line")
        code = int(match[1])
        # RFC 5321 4.2.1: the code is the same on every line.
        if self._lines and code != self._code:
            raise ProtocolError("two codes in one reply")
        self._code = code
        self._lines.append((match[3] or b"").decode("ascii", "replace"))
        if match[2] == b"-":
            if len(self._lines) >= MAX_LINES:
                raise ProtocolError(f"reply over {MAX_LINES} lines")
            return None
        lines, self._lines = tuple(self._lines), []
        return Reply(code, lines)
