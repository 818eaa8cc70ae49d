"""A message on its way through the daemon."""

from attrs import field, frozen

from sc.model.envelope import Envelope
from sc.model.octets import Octets


def _size(content: Octets) -> str:
    return f"<{len(content)} octets>"


@frozen
class Message:
    """
    RFC 5322: the octets after DATA, unstuffed, as they arrived.

    @ivar id: ours; stands in every reply, log line, field and report.
    @ivar listener: the name of the door through which it came.
    """

    id: str
    envelope: Envelope
    content: Octets = field(repr=_size)
    listener: str = ""
