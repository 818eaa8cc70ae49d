"""Mail that goes in circles: counted by its trace, answered before it is scanned."""

from sc.content.fields import MAX_HEADER
from sc.model.octets import Octets

HOP = "X-SC-Hop"
"""Our own trace: a next hop that is ourselves adds no Received field."""

_HOP_LINE = f"\n{HOP.lower()}:".encode()

MAX_PASSES = 10
"""Through an `sc`: forwarders and lists make a few, a loop makes more."""


def loops(content: Octets, max_hops: int) -> bool:
    """Has it `max_hops` Received fields, or passed `MAX_PASSES` times here?"""
    head = b"\r\n" + content[:MAX_HEADER].lower()
    end = head.find(b"\r\n\r\n")  # the codec lets no other line end through
    end = len(head) if end < 0 else end
    return (
        head.count(b"\nreceived:", 0, end) >= max_hops
        or head.count(_HOP_LINE, 0, end) >= MAX_PASSES
    )
