"""A message in the shape that dkimpy signs and verifies, at a bounded cost.

dkimpy's own parser copies a folded field once for each of its lines, and its relaxed
body canonicalisation takes the square of a run of blanks: both measured, both in a
stranger's hands. So fields come from our own reader, and the body is canonical
before dkimpy looks at it, which then changes nothing, and need not try.
"""

import re
from collections.abc import Callable, Iterable

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


class _Prepared(dkim.DKIM):  # type: ignore[misc]  # dkimpy has no types
    """Its body is canonical; dkimpy would match each blank of it once more."""

    def verify_sig_process(
        self,
        sig: dict[bytes, bytes],
        include_headers: list[bytes],
        sig_header: list[bytes],
        dnsfunc: Callable[..., bytes],
    ) -> bool:
        """As dkimpy's, whose simple form takes only the empty lines at the end away."""
        header, _, body = sig.get(b"c", b"").partition(b"/")
        # An empty body is the one that both forms end differently (RFC 6376 3.4.4).
        if body == b"relaxed" and self.body.strip(b"\r\n"):
            sig = {**sig, b"c": header + b"/simple"}
        right: bool = super().verify_sig_process(
            sig, include_headers, sig_header, dnsfunc
        )
        return right


def prepared(fields: Iterable[RawField], body: bytes) -> dkim.DKIM:
    """
    @param body: `relaxed`, for signatures that say so; its line ends are CRLF.
    """
    message = _Prepared()
    message.headers = [
        [field.name.encode("ascii"), crlf(field.value) + b"\r\n"] for field in fields
    ]
    message.body = body
    return message
