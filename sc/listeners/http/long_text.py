"""A long JSON string, read in pieces: one call of the C parser over 64 MiB would hold
the interpreter, and with it the event loop, for most of a second.
"""

import json
import re
from collections.abc import Iterator

from attrs import field, frozen

from sc.model.octets import Octets

LONG = 64 * 1024
"""Octets of a string from which on it is read in pieces."""

PIECE = 48 * 1024
"""Octets of a piece: less than a millisecond."""

# RFC 8259 7, and raw control characters, which harm nobody inside of a string. A
# piece ends before an escape that it does not hold as a whole. An atomic group, no
# `(...)*+`: Python before 3.11.5 loses its place in those.
_PIECE = re.compile(rb'(?>(?:[^"\\]++|\\(?:[^u]|u[0-9A-Fa-f]{4}))*)', re.DOTALL)
_HIGH = re.compile(r"[\ud800-\udbff]\Z")
_LONE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_ESCAPE = len(r"\ud83d")


class StringError(ValueError):
    """The string is not closed, or holds an escape that is none."""


@frozen
class LongText:
    """@ivar pieces: its octets: UTF-8, and what never was UTF-8 as it came."""

    pieces: tuple[bytes, ...] = field(repr=False)

    def __len__(self) -> int:
        return sum(map(len, self.pieces))


def cuts(octets: Octets, start: int) -> Iterator[int]:
    """
    Where the pieces of a string end; the last one is its closing quote.

    @param start: behind the opening quote.
    @raise StringError: there is no closing quote.
    """
    position = start
    while octets[position : position + 1] != b'"':
        match = _PIECE.match(octets, position, min(len(octets), position + PIECE))
        if match is None or match.end() == position:
            raise StringError("a string is not closed, or has a wrong escape")
        position = match.end()
        yield position
    if position == start:
        yield start


def read(octets: Octets, start: int, ends: list[int]) -> LongText:
    """
    @raise StringError: an escape is none.
    """
    pieces, kept = [], b""
    for end in ends:
        raw, kept, start = kept + octets[start:end], b"", end
        text = _unescaped(raw)
        # Half of a pair may find its other half in the next piece.
        if end != ends[-1] and _HIGH.search(text):
            raw, kept = raw[:-_ESCAPE], raw[-_ESCAPE:]
            text = text[:-1]
        pieces.append(octets_of(text))
    return LongText(tuple(pieces))


def octets_of(text: str) -> bytes:
    """A decoded string's original octets; `\\ud800` has none and becomes U+FFFD."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return _LONE.sub("\ufffd", text).encode("utf-8", "surrogateescape")


def _unescaped(raw: bytes) -> str:
    text = raw.decode("utf-8", "surrogateescape")
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError as e:
        raise StringError("a string has a wrong escape") from e
