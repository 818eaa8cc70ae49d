"""For whom a message was: every recipient that its envelope or its header names.

Their local parts must not reach a stranger's desk (RFC 6590).
"""

import re
from collections.abc import Iterable, Iterator

from attrs import frozen

from sc.content.fields import MAX_HEADER, RawField, header_end, iter_fields
from sc.model.octets import Octets

_ATOM = rb'[^\s"(),:;<>@\[\]\\]'
# Each atom is tried from its first octet only, and never given back: one pass.
# RFC 5321 4.5.3.1.1 has 64 octets in a local part; a quoted one is bounded by it.
_ADDRESS = re.compile(
    rb'("(?>(?:[^"\\\r\n]|\\.){0,64})"|(?<!'
    + _ATOM
    + rb")"
    + _ATOM
    + rb"++)@(\[[0-9A-Fa-fIPv:.]{1,50}\]|"
    + _ATOM
    + rb"++)"
)
_BARE = re.compile(rb"\s*+<?(" + _ATOM + rb"++)>?\s*+\Z")
_FOR = re.compile(rb"\sfor\s{1,80}(<[^<>\s]*+>|[^\s;<>]++)")
_QUOTED_PAIR = re.compile(rb"\\(.)")

LISTS = frozenset(
    {"to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc", "apparently-to"}
)
"""Fields that name many, as the sender wrote them."""

ONE = frozenset(
    {
        "delivered-to",
        "x-delivered-to",
        "x-original-to",
        "x-originally-to",
        "envelope-to",
        "x-envelope-to",
        "x-rcpt-to",
        "x-forwarded-to",
    }
)
"""Fields that a receiving MTA wrote; the whole value may be one local part."""


@frozen
class Recipient:
    """@ivar domain: empty for a name that stands alone (`Delivered-To: alice`)."""

    local: bytes
    domain: bytes


@frozen
class Recipients:
    """
    @ivar addresses: as written, envelope first, each once.
    @ivar bare: where in the message local parts stand without a domain.
    """

    addresses: tuple[Recipient, ...] = ()
    bare: tuple[tuple[int, int], ...] = ()


def read_recipients(content: Octets, envelope: Iterable[str] = ()) -> Recipients:
    """Those of the envelope, and of the first `MAX_HEADER` octets of the header."""
    found: dict[Recipient, None] = {}
    bare: list[tuple[int, int]] = []
    for path in envelope:
        found.update(dict.fromkeys(_addresses(path.encode("utf-8", "replace"))))
    header = content[: min(header_end(content)[0], MAX_HEADER)]
    for field in iter_fields(header):
        for start, end in _places(header, field):
            value = header[start:end]
            found.update(dict.fromkeys(_addresses(value)))
            match = _BARE.match(value)
            if match and b"@" not in value and field.name.lower() not in LISTS:
                bare.append((start + match.start(1), start + match.end(1)))
    return Recipients(tuple(found), tuple(bare))


def _places(header: bytes, field: RawField) -> Iterator[tuple[int, int]]:
    """Where in the header this field names recipients."""
    name = field.name.lower()
    start = header.index(b":", field.start + len(name)) + 1
    end = start + len(field.value)
    if name in LISTS or name in ONE:
        yield start, end
    elif name == "received":
        match = _FOR.search(header, start, end)
        if match:
            yield match.span(1)


def _addresses(value: bytes) -> Iterator[Recipient]:
    for local, written in _ADDRESS.findall(value):
        domain = written.rstrip(b".")
        if not domain:
            continue
        yield Recipient(local, domain)
        if local.startswith(b'"'):
            yield Recipient(_QUOTED_PAIR.sub(rb"\1", local[1:-1]), domain)
