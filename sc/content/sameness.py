"""Whether two messages are one to every scanner: a digest of all but the trace.

Stricter than `fingerprint`, which knows a message again after its journey: here an
octet that a scanner may look at must never be left out, or a stranger could have a
clean message judged, and send another one under its verdict.
"""

from hashlib import blake2b

from sc.content.fields import MAX_HEADER, RawField, header_end, iter_fields
from sc.content.received import read_received
from sc.model.octets import Octets

TRACE = frozenset(
    (
        "return-path",
        "delivered-to",
        "x-original-to",
        "envelope-to",
        "delivery-date",
        "x-envelope-from",
        "x-envelope-to",
        "x-sc-hop",
    )
)
"""What MTAs write anew at each attempt. Of Received counts the address alone."""

MAX_RECEIVED = 30
"""Received fields that are read for their address; more count as they stand."""

_CHUNK = 1 << 20


def digest(content: Octets) -> bytes:
    """32 octets of BLAKE2b. A header section above `MAX_HEADER` counts as it stands."""
    whole = blake2b(digest_size=32)
    end, _ = header_end(content)
    if end > MAX_HEADER:
        end = 0
    whole.update(_header(content[:end]))
    for start in range(end, len(content), _CHUNK):
        whole.update(content[start : start + _CHUNK])
    return whole.digest()


def _header(header: bytes) -> bytes:
    """Lines that are no field stay, too: some readers begin the body there."""
    kept, position, received = [], 0, 0
    for field in iter_fields(header):
        name = field.name.lower()
        if name == "received" and received < MAX_RECEIVED:
            received += 1
            shown = _address(field)
        else:
            shown = b"" if name in TRACE else None
        if shown is None or _has_bare_cr(field):
            continue
        kept += [header[position : field.start], shown]
        position = field.end
    return b"".join((*kept, header[position:], b"\0"))


def _address(field: RawField) -> bytes | None:
    """
    In place of a Received field, whose date and id are new at each attempt.

    Where the host is unknown to the envelope, blocklists are asked about this address.
    """
    hop = read_received(field.value)
    return f"received:{hop.ip}\n".encode() if hop and hop.ip else None


def _has_bare_cr(field: RawField) -> bool:
    """For some readers a lone CR ends the line, and another field begins."""
    value = field.value
    return value.count(b"\r") != value.count(b"\r\n")
