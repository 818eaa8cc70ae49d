"""The octets after DATA: where they end, and what they are without dot-stuffing.

RFC 5321 4.1.1.4 and 4.5.2. Only CRLF ends a line and only CRLF.CRLF ends the message:
a server that also takes LF.LF or LF.CRLF lets a stranger smuggle a second message
past the one in front of it (CVE-2023-51764).
"""

import re
from enum import Enum

END = b"\r\n.\r\n"

_STRAY_CR = re.compile(rb"\r(?!\n)")
_STRAY_LF = re.compile(rb"(?<!\r)\n")


class DataFault(Enum):
    """Why a message that arrived whole must be refused."""

    TOO_LARGE = "too large"
    LINE_TOO_LONG = "line too long"


class DataReader:
    """
    Takes the wire's octets in any cuts; one pass in C for a chunk, not per line.

    A stray LF becomes CRLF and a stray CR a blank, as Postfix does: programs write
    them, to refuse them would lose mail, and to pass them on would let the next hop
    see lines, and an end of data, that we did not see.

    @ivar size: octets of the message so far, dot-stuffing removed.
    @ivar fault: nothing more is returned, but the end is still looked for.
    @ivar ended: the end of data was seen.
    """

    def __init__(self, max_octets: int, max_line: int) -> None:
        self._max_octets = max_octets
        self._max_line = max_line
        # The CRLF of the DATA command itself is the first half of END.
        self._held = b"\r\n"
        self._skip = 2
        self._line = 0
        self.size = 0
        self.fault: DataFault | None = None
        self.ended = False

    def feed(self, wire: bytes) -> tuple[bytes, bytes]:
        """Return the message's next octets, and what follows its end."""
        wire = self._held + wire
        # Every CRLF ends a line, so the first match is the end wherever it stands,
        # and no dot before it can be taken for a part of it.
        end = wire.find(END)
        if end >= 0:
            self.ended = True
            return self._take(wire[: end + 2]), wire[end + len(END) :]
        cut = len(wire) - _prefix_at_end(wire)
        self._held = wire[cut:]
        return self._take(wire[:cut]), b""

    def _take(self, wire: bytes) -> bytes:
        """`wire` never ends between CR and LF, nor in a dot that may be stuffed."""
        if not wire:
            return b""
        octets = _normalised(wire.replace(b"\r\n.", b"\r\n"))
        if self._skip:
            octets, self._skip = octets[2:], 0
        self.size += len(octets)
        self._check(octets)
        return b"" if self.fault else octets

    def _check(self, octets: bytes) -> None:
        if self.size > self._max_octets:  # of two faults always this, in any cuts
            self.fault = DataFault.TOO_LARGE
        elif self.fault is None and self._longest_line(octets) > self._max_line:
            self.fault = DataFault.LINE_TOO_LONG

    def _longest_line(self, octets: bytes) -> int:
        """Without line ends; lines are looked at one by one in huge chunks only."""
        first = octets.find(b"\r\n")
        if first < 0:
            self._line += len(octets)
            return self._line
        longest = self._line + first
        self._line = len(octets) - octets.rfind(b"\n") - 1
        longest = max(longest, self._line)
        if len(octets) > self._max_line:
            longest = max(longest, *map(len, octets.split(b"\r\n")))
        return longest


def _prefix_at_end(wire: bytes) -> int:
    """How many octets at the end may be the beginning of END."""
    tail = wire[1 - len(END) :]
    start = tail.find(b"\r")
    while start >= 0:
        if END.startswith(tail[start:]):
            return len(tail) - start
        start = tail.find(b"\r", start + 1)
    return 0


def _normalised(octets: bytes) -> bytes:
    ends = octets.count(b"\r\n")
    if octets.count(b"\r") != ends:
        octets = _STRAY_CR.sub(b" ", octets)
    if octets.count(b"\n") != ends:
        octets = _STRAY_LF.sub(b"\r\n", octets)
    return octets
