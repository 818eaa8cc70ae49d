"""The header of our own mail within what brings it back.

In a part of its own, encoded or not, or in the text behind a line of dashes. Pure.
"""

import re
from collections.abc import Iterator

from sc.content.fields import RawField, header_end, read_fields
from sc.content.mime import Document

MAX_SECTIONS = 5
"""Header sections that are looked at; there is one, and anybody can write more."""

MAX_OCTETS = 64 * 1024
"""Of one section."""

_HEADER_TYPES = ("text/rfc822-headers", "message/global-headers")
_REPORT_ID = re.compile(rb"^x-sc-report-id[ \t]*:", re.IGNORECASE | re.MULTILINE)
_EMPTY_LINE = re.compile(rb"\n[ \t]*\r?\n")


def returned_sections(
    head: bytes, document: Document
) -> Iterator[tuple[RawField, ...]]:
    """
    Those that claim to be of a report of ours.

    @param head: the beginning of the message, in which they are looked for.
    """
    parts = (p.payload for p in document.parts if p.content_type in _HEADER_TYPES)
    encoded = [payload for payload in parts if payload not in head]
    behind = header_end(head)[0]
    for octets, start in ((head, behind), *((payload, 0) for payload in encoded)):
        for _, match in zip(
            range(MAX_SECTIONS), _REPORT_ID.finditer(octets, start), strict=False
        ):
            yield _around(octets, match.start())


def _around(octets: bytes, position: int) -> tuple[RawField, ...]:
    """The header section in which `position` is."""
    start = max(0, position - MAX_OCTETS)
    ends = [match.end() for match in _EMPTY_LINE.finditer(octets, start, position)]
    begin = ends[-1] if ends else start
    return read_fields(octets[begin : begin + MAX_OCTETS])
