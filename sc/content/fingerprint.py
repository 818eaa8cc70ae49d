"""A name for a message that stays the same on its way: what the sender wrote.

Two copies that took different last hops, or that a filter marked, are one. Fields
that receivers add do not count; the sender's own, DKIM-Signature among them, do.
"""

import hashlib

from sc.content.fields import FIELD, MAX_HEADER, header_end
from sc.model.octets import Octets

# What hosts and filters on the way add; ours first.
_TRACE_PREFIXES = (
    b"x-sc-",
    b"x-spam",
    b"x-rspam",
    b"x-virus",
    b"x-amavis",
    b"x-quarantine",
    b"x-originalarrivaltime",
    b"x-ms-",
    b"x-forefront",
    b"x-microsoft",
    b"x-gm-",
    b"x-google",
    b"x-envelope",
    b"x-uid",
    b"x-mozilla-",
    b"arc-",
)
_TRACE_NAMES = (
    b"x-received x-original-to x-delivered-to x-sieve x-keywords x-status received"
    b" received-spf return-path delivered-to envelope-to delivery-date"
    b" authentication-results dkim-filter status content-length lines"
)
_TRACE = frozenset(_TRACE_NAMES.split())
_CHUNK = 1 << 20


def fingerprint(content: Octets) -> str:
    """
    SHA-256 in hex. Line ends, folding and final empty lines do not count.

    Streams: a mapped file is never whole in memory. Of the header section the first
    `MAX_HEADER` octets count.
    """
    digest = hashlib.sha256()
    end, body = header_end(content)
    lines = [
        b"%b:%b\n" % (name, b" ".join(value.split()))
        for field, value in FIELD.findall(content[: min(end, MAX_HEADER)])
        if (name := field.lower())
        and name not in _TRACE
        and not name.startswith(_TRACE_PREFIXES)
    ]
    digest.update(b"".join(lines) + b"\n")
    _update_body(digest, content, body)
    return digest.hexdigest()


def _update_body(digest: "hashlib._Hash", content: Octets, body: int) -> None:
    end = _end(content, body)
    while body < end:
        chunk = content[body : min(end, body + _CHUNK)]
        if chunk.endswith(b"\r"):
            # Its LF may come with the next chunk; a lone CR is its own line end.
            chunk += content[body + len(chunk) : body + len(chunk) + 1]
        body += len(chunk)
        digest.update(chunk.replace(b"\r\n", b"\n") if b"\r" in chunk else chunk)


def _end(content: Octets, body: int) -> int:
    """Before the line ends with which the message closes."""
    end = len(content)
    while end > body:
        start = max(body, end - 4096)
        kept = len(content[start:end].rstrip(b"\r\n"))
        if kept:
            return start + kept
        end = start
    return end
