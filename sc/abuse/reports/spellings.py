"""Other ways to write an address: escaped, cut by line ends, Base64. Pure."""

import base64
import re
from bisect import bisect_right
from collections.abc import Iterator

from attrs import define, field, frozen

from sc.abuse.reports.recipients import Recipient

SOFT_BREAK = re.compile(rb"=\r?\n")  # RFC 2045 6.7 (5)
LINE_END = re.compile(rb"\r?\n")

# Each is undone alone; the text as it stands is always read, too.
_ESCAPES = (
    (b"%", re.compile(rb"%(?:25)*([0-9A-Fa-f]{2})|.", re.DOTALL), 16),
    (b"=", re.compile(rb"=([0-9A-Fa-f]{2})|.", re.DOTALL), 16),
    (b"&#", re.compile(rb"&#0{0,5}([0-9]{2,3});|.", re.DOTALL), 10),
    (b"&#", re.compile(rb"&#[xX]0{0,5}([0-9A-Fa-f]{2});|.", re.DOTALL), 16),
)
ESCAPED = 6
"""Octets of the longest common escape (`&#x6a;`)."""

_MIN_LETTERS = 8
"""Base64 letters without which a match would be chance."""


@frozen
class Reading:
    """@ivar starts: where each octet begins in the text as it stands."""

    octets: bytes
    starts: range | list[int]


def readings(text: bytes) -> Iterator[Reading]:
    """The text as it stands, then with each way to escape an octet undone."""
    yield Reading(text, range(len(text)))
    for mark, pattern, base in _ESCAPES:
        if mark not in text:
            continue
        octets, starts = bytearray(), []
        for unit in pattern.finditer(text):
            value = int(unit[1], base) if unit[1] else unit[0][0]
            octets.append(value & 0xFF)
            starts.append(unit.start())
        yield Reading(bytes(octets), starts)


def base64_letters(address: Recipient) -> Iterator[tuple[bytes, int]]:
    """
    The Base64 letters that hold nothing but this address, for each of the three ways
    in which it can be aligned, and how many of them belong to the local part.
    """
    written = {address.local + b"@" + address.domain}
    written |= {w.lower() for w in written}
    for text in sorted(written):
        for before in range(3):
            letters = base64.b64encode(b"\0" * before + text)
            first = -(-before * 8 // 6)
            last = (before + len(text)) * 8 // 6
            local_end = (before + len(address.local)) * 8 // 6
            if last - first >= _MIN_LETTERS and local_end > first:
                core = letters[first:last]
                yield core, local_end - first
                url_safe = core.translate(bytes.maketrans(b"+/", b"-_"))
                if url_safe != core:
                    yield url_safe, local_end - first


@frozen
class Place:
    """Octets from `start` to `end` that a token takes the place of."""

    start: int
    end: int
    token: bytes


@define
class View:
    """
    A text with certain breaks taken out, and the way back.

    @ivar octets: without them.
    """

    _text: bytes
    _breaks: "re.Pattern[bytes]"
    octets: bytes = field(init=False)
    _cuts: list[int] = field(init=False, factory=list)
    _shifts: list[int] = field(init=False, factory=lambda: [0])

    def __attrs_post_init__(self) -> None:
        self.octets = self._breaks.sub(b"", self._text)
        removed = 0
        for match in self._breaks.finditer(self._text):
            self._cuts.append(match.start() - removed)
            removed += match.end() - match.start()
            self._shifts.append(removed)

    def _original(self, position: int) -> int:
        return position + self._shifts[bisect_right(self._cuts, position)]

    def place(self, start: int, end: int, token: bytes) -> Place:
        """In the original; breaks that stood within are kept behind the token."""
        first, last = self._original(start), self._original(end - 1) + 1
        breaks = self._breaks.findall(self._text, first, last)
        return Place(first, last, token + b"".join(breaks))
