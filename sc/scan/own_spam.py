"""Whose outbound message it is, and whether it counts as his spam."""

from sc.content.fields import read_fields
from sc.content.kind import automatic
from sc.model.decision import Decision, Reason
from sc.model.envelope import Direction, Envelope
from sc.model.message import Message

SPAM = frozenset({Reason.SPAM, Reason.PHISHING, Reason.VIRUS})
"""Not what could not be scanned, what somebody listed, and no test pattern."""

MAX_HEADER = 64 * 1024
"""Octets in which the fields are looked for that software writes into its mail."""


def sender_of(
    envelope: Envelope, direction: Direction, *, local_networks: bool
) -> str | None:
    """
    The authenticated user; or the client's address.

    @param local_networks: whether clients in our networks count without a user.
    """
    if envelope.user or direction is not Direction.OUTBOUND:
        return envelope.user
    return str(envelope.client_ip) if local_networks and envelope.client_ip else None


def is_own_spam(message: Message, decision: Decision) -> bool:
    """
    Whether it counts for its sender. What software wrote about other mail does not: a
    bounce carries a stranger's spam back to him.
    """
    if decision.reason not in SPAM or not decision.is_spam:
        return False
    return not automatic(read_fields(message.content[:MAX_HEADER]))
