"""The header of a body part, which need not exist, nor end (RFC 2046 5.1)."""

import re

from sc.content.fields import RawField, iter_fields
from sc.model.octets import Octets

MAX_PART_HEADER = 32 * 1024
"""Octets read for one part's header; without a bound, 100,000 parts without an
empty line would each search the rest of the message for one."""

# Fields, folded or not, then the empty line. What is neither is already the body:
# real senders forget the empty line. Possessive: one pass, no way back.
_HEADER = re.compile(
    rb"(?>(?:[\x21-\x39\x3b-\x7e]++[ \t]*+:[^\n]*+"
    rb"(?>(?:\n[ \t][^\n]*+)*)(?:\n|\Z))*)"
)
_EMPTY_LINE = re.compile(rb"[ \t]*\r?\n")


def part_header(
    content: Octets, start: int, stop: int
) -> tuple[tuple[RawField, ...], int]:
    """
    Return the fields, and the offset of the part's body.

    @return: fields whose offsets count from `start`.
    """
    window = content[start : min(stop, start + MAX_PART_HEADER)]
    match = _HEADER.match(window)
    end = match.end() if match else 0
    empty = _EMPTY_LINE.match(window, end)
    return tuple(iter_fields(window[:end])), start + (empty.end() if empty else end)
