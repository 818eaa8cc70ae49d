"""Write a header section anew: some fields away, ours on top, the rest untouched.

The body and every field that stays keep their octets, so that signatures hold.
"""

from collections.abc import Callable, Iterator, Sequence

from sc.content.fields import MAX_EDITED, RawField, header_end, iter_fields
from sc.model.decision import Field
from sc.model.octets import Octets

LINE = 78
"""RFC 5322 2.1.1: where a field is folded, if it has a blank to fold at."""

ORPHAN = b"X-SC-Orphan:"
"""Names a folded line that has no field: it would continue the last one of ours."""

LINE_EFFORT = 64
"""Octets that cost as much as one line, which may be a field to be judged and cut."""


def editing_effort(content: Octets) -> int:
    """How much work `edit_header` is, for `Offload`: many short fields are much."""
    head = content[: MAX_EDITED + 2]
    end, _ = header_end(head)
    return max(end, LINE_EFFORT * head.count(b"\n", 0, end))


def edit_header(
    content: Octets, remove: Callable[[RawField], bool], add: Sequence[Field]
) -> tuple[bytes, int]:
    """
    Return the new header section with its final empty line, and where the body starts.

    @param remove: asked of each field.
    @param add: put on top, but below Return-Path and an mbox line: behind what the
        delivering MTA wrote, before every trace field.
    """
    end, body = header_end(content)
    header = content[:end]
    newline = b"\r\n" if b"\r\n" in header[:2048] or not header else b"\n"
    kept = b"".join(_kept(header, remove))
    if not kept.endswith(b"\n"):
        kept = kept.rstrip(b"\r")
        kept += newline if kept and not kept.endswith(b"\n") else b""
    top = _top(kept)
    added = b"".join(_encode(field, newline) for field in add)
    if kept[top : top + 1] in (b" ", b"\t"):
        added += ORPHAN
    return kept[:top] + added + kept[top:] + newline, body


def _kept(header: bytes, remove: Callable[[RawField], bool]) -> Iterator[bytes]:
    position = 0
    for field in iter_fields(header):
        if remove(field):
            yield header[position : field.start]
            position = field.end
    yield header[position:]


def _top(header: bytes) -> int:
    """The offset behind the mbox line and the leading Return-Path fields."""
    position = header.find(b"\n") + 1 if header.startswith(b"From ") else 0
    for field in iter_fields(header):
        if field.start != position or field.name.lower() != "return-path":
            break
        position = field.end
    return position


def _encode(field: Field, newline: bytes) -> bytes:
    line, lines = f"{field.name}:", []
    for word in field.value.split(" "):
        if len(line) + len(word) >= LINE and not line.endswith(":"):
            lines.append(line)
            line = "\t" + word
        else:
            line += f" {word}"
    return newline.join(s.encode() for s in [*lines, line]) + newline
