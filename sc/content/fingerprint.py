"""A name for a message that stays the same on its way: what the sender wrote.

Two copies that took different last hops, or that a filter marked, are one. Fields
that receivers add do not count; the sender's own, DKIM-Signature among them, do.
"""

import hashlib
import re

from sc.content.fields import FIELD, MAX_HEADER, header_end
from sc.model.octets import Octets

# What hosts and filters on the way add; ours first.
_TRACE = re.compile(
    rb"x-sc-|x-spam|x-rspam|x-virus|x-amavis|x-quarantine|x-originalarrivaltime|x-ms-"
    rb"|x-forefront|x-microsoft|x-gm-|x-google|x-received\Z|x-original-to\Z"
    rb"|x-delivered-to\Z|x-envelope|x-sieve\Z|x-uid|x-keywords\Z|x-status\Z|x-mozilla-"
    rb"|received\Z|received-spf\Z|return-path\Z|delivered-to\Z|envelope-to\Z"
    rb"|delivery-date\Z|authentication-results\Z|arc-|dkim-filter\Z|status\Z"
    rb"|content-length\Z|lines\Z"
)
_CHUNK = 1 << 20


def fingerprint(content: Octets) -> str:
    """
    SHA-256 in hex. Line ends, folding and final empty lines do not count.

    Streams: a mapped file is never whole in memory. Of the header section the first
    `MAX_HEADER` octets count.
    """
    digest = hashlib.sha256()
    end, body = header_end(content)
    for name, value in FIELD.findall(content[: min(end, MAX_HEADER)]):
        lowered = name.lower()
        if not _TRACE.match(lowered):
            digest.update(lowered + b":" + b" ".join(value.split()) + b"\n")
    digest.update(b"\n")
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
        digest.update(chunk.replace(b"\r\n", b"\n"))


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
