"""Put a decided message together for the next hop, or for the quarantine."""

from collections.abc import Callable
from typing import TypeAlias

from attrs import evolve, frozen

from sc.content.edit import edit_header
from sc.content.fields import RawField
from sc.listeners.smtp.loops import HOP
from sc.model.decision import Decision, Field
from sc.model.message import Message
from sc.model.octets import Octets
from sc.net.relay import Delivery

ORIGINAL_RECIPIENT = "X-SC-Original-Recipient"
ORIGINAL_SENDER = "X-SC-Original-Sender"
"""In quarantine only: for whom and from whom it was, for the one who releases it."""

Rewrite: TypeAlias = Callable[[Octets, Decision], tuple[bytes, int]]
"""The new header section for a decision, and where the body starts."""


@frozen
class Packing:
    """@ivar hostname: ours; stands in the trace field."""

    rewritten: Rewrite
    hostname: str

    def pack(self, message: Message, decision: Decision) -> Delivery:
        """The message with the fields of the decision, to its recipients."""
        fields = (Field(HOP, self.hostname), *decision.fields)
        content = message.content
        header, body = self.rewritten(content, evolve(decision, fields=fields))
        return Delivery(
            sender=message.envelope.sender or "",
            recipients=message.envelope.recipients,
            header=header,
            body=content,
            body_offset=body,
        )

    def put_aside(self, message: Message, decision: Decision, address: str) -> Delivery:
        """
        The same for the quarantine, its envelope in the header, nobody to bounce to:
        a quarantine that is full must not answer a sender that is likely forged.

        The message's envelope names those who share the decision.
        """
        delivery = self.pack(message, decision)
        origin = (
            Field(ORIGINAL_SENDER, message.envelope.sender or "<>"),
            *(Field(ORIGINAL_RECIPIENT, r) for r in message.envelope.recipients),
        )
        header, _ = edit_header(delivery.header, _names_origin, origin)
        return evolve(delivery, sender="", recipients=(address,), header=header)


def _names_origin(field: RawField) -> bool:
    return field.name.lower() in (ORIGINAL_SENDER.lower(), ORIGINAL_RECIPIENT.lower())
