"""A message in the shape that dkimpy signs and verifies, at a bounded cost.

dkimpy's own parser copies a folded field once for each of its lines, and its relaxed
body canonicalisation takes the square of a run of blanks: both measured, both in a
stranger's hands. So fields come from our own reader, and the body is canonical
before dkimpy looks at it, which then changes nothing.
"""

import re
from collections.abc import Iterable

import dkim

from sc.content.fields import RawField

MAX_RELAXED = 1 << 20
"""Octets of a body that is canonicalised: a pass over more holds the interpreter."""

MAX_BLANKS = 50_000
"""Blanks in it: each costs dkimpy 200 ns, during which nothing else runs."""

# A single space that stays one is not worth a match.
_BLANKS = re.compile(rb"\t[ \t]*+| [ \t]++")


def can_relax(body: bytes) -> bool:
    """Whether the relaxed form of a body can be made in a few milliseconds."""
    if len(body) > MAX_RELAXED:
        return False
    return body.count(b" ") + body.count(b"\t") <= MAX_BLANKS


def relaxed(body: bytes) -> bytes:
    """RFC 6376 3.4.4, but for the empty lines at the end. Line ends are CRLF."""
    return _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n")


def crlf(octets: bytes) -> bytes:
    """The same lines, each ended as in RFC 5322."""
    return octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def prepared(fields: Iterable[RawField], body: bytes) -> dkim.DKIM:
    """
    @param body: its line ends are CRLF.
    """
    message = dkim.DKIM()
    message.headers = [
        [field.name.encode("ascii"), crlf(field.value) + b"\r\n"] for field in fields
    ]
    message.body = body
    return message
