"""Where the parts of a message begin and end (RFC 2046 5.1).

Multiparts that are never closed, boundaries that never come or begin like another,
messages in messages: one pass, a stack of what is open, no recursion.
"""

import re
from typing import Protocol

from attrs import Factory, define, frozen

from sc.content import transfer
from sc.content.fields import RawField
from sc.content.media import Media, describe
from sc.content.part_header import part_header
from sc.model.octets import Octets

_GUESS = re.compile(rb"[\r\n]--([^\s-][^\r\n]{0,200})")
_GUESS_WITHIN = 4096


class Sink(Protocol):
    """Takes what a walk finds."""

    @property
    def full(self) -> bool:
        """Nothing more is wanted."""
        ...

    def leaf(self, media: Media, raw: bytes, depth: int, start: int) -> None:
        """A part that has no parts, still encoded; `start` is its offset."""
        ...

    def warn(self, sentence: str) -> None:
        """Something was not read."""
        ...


@frozen
class _Open:
    """
    A multipart whose end has not come.

    @ivar default: the type of its parts that declare none (RFC 2046 5.1.5).
    """

    boundary: bytes
    default: str
    depth: int


@frozen
class _Leaf:
    """
    A leaf whose end has not come.

    @ivar preamble_of: what precedes the first part of a multipart is no leaf, but
        if its boundary never comes, it is all there is.
    """

    media: Media
    start: int
    depth: int
    preamble_of: int | None = None


@define
class Walk:
    """
    One pass over one buffer: lines that begin with two dashes, and what is open.

    @ivar stop: where the reading ends.
    @ivar levels: how deep it follows multiparts and attached messages.
    @ivar dashes: lines that begin like a boundary.
    """

    _sink: Sink
    _content: Octets
    _stop: int
    _levels: int
    _dashes: int
    _open: list[_Open] = Factory(list)
    _leaf: _Leaf | None = None

    def run(self, fields: tuple[RawField, ...], body: int, depth: int) -> None:
        position = self._begin(describe(fields, "text/plain"), body, depth)
        for _ in range(self._dashes):
            at = self._content.find(b"\n--", max(position - 1, 0), self._stop)
            if at < 0 or self._sink.full:
                break
            position = self._line(at)
        else:
            self._sink.warn("too many lines of dashes: the rest was not read")
        self._finish(self._stop, None)

    def _line(self, at: int) -> int:
        """A line that begins with dashes at `at` + 1; return where to go on."""
        end = self._content.find(b"\n", at + 1, self._stop)
        end = self._stop if end < 0 else end + 1
        # A boundary has at most 70 characters (RFC 2046 5.1.1); 200 are read.
        line = self._content[at + 3 : min(end, at + 260)].rstrip()
        level, closes = self._match(line)
        if level is None:
            return end
        self._finish(at, level)
        del self._open[level + (not closes) :]
        if closes:
            return end
        parent = self._open[level]
        fields, body = part_header(self._content, end, self._stop)
        return self._begin(describe(fields, parent.default), body, parent.depth)

    def _match(self, line: bytes) -> tuple[int | None, bool]:
        """
        Which multipart's boundary the line is, and whether it closes it.

        RFC 2046 5.1: it need only begin with the boundary; but one boundary may be
        the beginning of another, so the whole line is tried first.
        """
        levels = range(len(self._open) - 1, -1, -1)
        for level in levels:
            boundary = self._open[level].boundary
            if line in (boundary, boundary + b"--"):
                return level, line != boundary
        for level in levels:
            boundary = self._open[level].boundary
            if line.startswith(boundary):
                return level, line.startswith(b"--", len(boundary))
        return None, False

    def _begin(self, media: Media, body: int, depth: int) -> int:
        """Open what begins at `body`; return where its content begins."""
        while media.type == "message/rfc822" and transfer.identity(media.encoding):
            if depth >= self._levels:
                break
            depth += 1
            fields, body = part_header(self._content, body, self._stop)
            media = describe(fields, "text/plain")
        if media.type.startswith("multipart/") and depth < self._levels:
            return self._begin_multipart(media, body, depth + 1)
        if depth >= self._levels and media.type.startswith(
            ("multipart/", "message/rfc822")
        ):
            self._sink.warn(f"nested deeper than {self._levels} levels: not read")
        self._leaf = _Leaf(media, body, depth)
        return body

    def _begin_multipart(self, media: Media, body: int, depth: int) -> int:
        boundary = media.boundary or self._guess(body)
        preamble_of = None
        if boundary:
            preamble_of = len(self._open)
            digest = media.type == "multipart/digest"
            default = "message/rfc822" if digest else "text/plain"
            self._open.append(_Open(boundary, default, depth))
        plain = Media("text/plain", media.encoding, media.charset)
        self._leaf = _Leaf(plain, body, depth, preamble_of)
        return body

    def _guess(self, body: int) -> bytes | None:
        """A multipart that names no boundary: some readers take the first dashes."""
        start = max(body - 1, 0)
        window = self._content[start : min(self._stop, start + _GUESS_WITHIN)]
        match = _GUESS.search(window)
        return match[1].rstrip() if match else None

    def _finish(self, at: int, level: int | None) -> None:
        """The open leaf ends before the line end at `at`."""
        leaf, self._leaf = self._leaf, None
        if leaf is None or (level is not None and leaf.preamble_of == level):
            return
        end = at - (self._content[at - 1 : at] == b"\r" and level is not None)
        raw = self._content[leaf.start : max(end, leaf.start)]
        self._sink.leaf(leaf.media, raw, leaf.depth, leaf.start)
