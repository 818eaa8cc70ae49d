"""The header section as it stands: where it ends, and its fields, undecoded (RFC 5322).

Nothing is decoded here, so a stranger's 1 MB Subject or 20,000 encoded words cost
one pass over the octets.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from sc.model.octets import Octets

MAX_FIELDS = 1000
"""More than any real message carries; 10,000 fields are an attack."""

MAX_HEADER = 512 * 1024
"""Octets of the header section that are read for fields."""

MAX_EDITED = 1024 * 1024
"""Octets of a header section that is written anew; Exim takes no larger one, either."""

MAX_EDITED_LINES = 20_000
"""Its lines: a field of four octets costs as much as a long one."""

# RFC 5322 2.2: ftext is %d33-57 / %d59-126; obsolete syntax allows blanks before ":".
# A folded line starts with a blank. `.` stops at LF, and a line that is no field is
# matched as well: a search for the next one would look at each of its octets anew.
FIELD = re.compile(
    rb"^(?:([\x21-\x39\x3b-\x7e]++)[ \t]*+:(.*(?:\n[ \t].*)*)|.*)(?:\n|\Z)",
    re.MULTILINE,
)
"""Name and value of each field of a header section; both empty: the line is none."""

_EMPTY_LINE = re.compile(rb"\n\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]*|\r")


class RawField(NamedTuple):
    """
    One header field.

    @ivar name: as written.
    @ivar value: what follows the colon, still folded, without the final line end.
    @ivar start: offset of the name in the message.
    @ivar end: offset behind the field's line end.
    """

    name: str
    value: bytes
    start: int
    end: int


def header_end(content: Octets) -> tuple[int, int]:
    """
    The offsets of the empty line behind the header section, and of the body.

    A message without an empty line is all header; both are its length then.
    """
    if content[:1] == b"\n":
        return 0, 1
    if content[:2] == b"\r\n":
        return 0, 2
    # Most end soon: a search of the whole body for each line end is spared.
    if match := _EMPTY_LINE.search(content, 0, MAX_HEADER):
        return match.start() + 1, match.end()
    lf, crlf = content.find(b"\n\n"), content.find(b"\n\r\n")
    if crlf < 0 <= lf or 0 <= lf < crlf:
        return lf + 1, lf + 2
    return (crlf + 1, crlf + 3) if crlf >= 0 else (len(content), len(content))


def uneditable(content: Octets) -> bool:
    """
    Whether the header section is too large to be written anew.

    A 64 MB message can be all header, millions of fields, of which a forged one of
    ours may be the last: to look at each would hold everybody else for seconds.
    """
    head = content[: MAX_EDITED + 2]
    end, _ = header_end(head)
    return end > MAX_EDITED or head.count(b"\n", 0, end) > MAX_EDITED_LINES


def iter_fields(header: bytes) -> Iterator[RawField]:
    """Every field of a header section; lines that are none are passed over."""
    for match in FIELD.finditer(header):
        name, value = match.groups()
        if name:
            start, end = match.span()
            yield RawField(name.decode("ascii"), value.removesuffix(b"\r"), start, end)


def read_fields(content: Octets, limit: int = MAX_FIELDS) -> tuple[RawField, ...]:
    """The first `limit` fields within the first `MAX_HEADER` octets."""
    head = content[:MAX_HEADER]
    end, _ = header_end(head)
    return tuple(f for f, _ in zip(iter_fields(head[:end]), range(limit)))  # noqa: B905 range bounds it


def text(value: bytes) -> str:
    """Unfold; UTF-8 where it is, Latin-1 else. Encoded words stay as they are."""
    return _FOLD.sub(" ", decoded(value)).strip()


def decoded(value: bytes) -> str:
    """As `text`, still folded."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
