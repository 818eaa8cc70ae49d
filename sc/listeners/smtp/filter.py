"""Carry out the decisions about a message: relay it, refuse it, put it aside.

The table of actions for SMTP and LMTP. A message is accepted only with the next hop's
own reply; whatever goes wrong is a 4xx, and the client keeps its mail.
"""

from collections.abc import Hashable
from typing import Protocol

from attrs import evolve, frozen

from sc.content.edit import editing_effort
from sc.content.fields import uneditable
from sc.flow import Outcome
from sc.listeners.smtp.loops import loops
from sc.listeners.smtp.packing import Packing
from sc.listeners.smtp.settings import SmtpSettings
from sc.maillog import MailLog
from sc.model.decision import Action, Decision
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.net.relay import Delivery, RelayError
from sc.offload import Offload
from sc.wire.smtp import Reply
from sc.wire.smtp_mail import Dialect

LOOP = Reply(554, ("5.4.6 mail loop: too many hops",))
NO_QUARANTINE = Reply(451, ("4.3.5 no quarantine_address is configured",))
HUGE_HEADER = Reply(552, ("5.3.4 the header section is too large",))
UNREACHABLE = Reply(451, ("4.4.1 the next hop does not answer, try again later",))


class Scanning(Protocol):
    """The part of flow that is used here."""

    async def scan(self, message: Message) -> Outcome:
        """@raise OverloadedError: not now."""
        ...

    def profile(self, envelope: Envelope, recipient: str) -> Hashable:
        """Recipients of one profile get one decision."""
        ...


class NextHop(Protocol):
    """The part of the relay client that is used here."""

    async def deliver(self, delivery: Delivery) -> tuple[Reply, ...]:
        """
        One reply for each recipient, in order.

        @raise RelayError: no answer, or none for each recipient.
        """
        ...


@frozen
class Filter:
    """
    @ivar next_hop: None: everything is scanned, and stays with the client.
    @ivar quarantine_address: where quarantined messages go, by the next hop.
    """

    flow: Scanning
    settings: SmtpSettings
    packing: Packing
    offload: Offload
    next_hop: NextHop | None = None
    quarantine_address: str | None = None
    maillog: MailLog = MailLog()

    async def answer(self, message: Message) -> tuple[Reply, ...]:
        """
        Scan and deliver; one reply for each recipient of the envelope, in its order.

        @raise OverloadedError: not now.
        """
        recipients = message.envelope.recipients
        if loops(message.content, self.settings.limits.hops):
            return (LOOP,) * len(recipients)
        if uneditable(message.content):
            return (HUGE_HEADER,) * len(recipients)
        outcome = await self.flow.scan(message)
        replies: dict[int, Reply] = {}
        for decision, places in self._groups(outcome).items():
            part = _for(message, tuple(recipients[i] for i in places))
            given = await self._carry_out(part, decision)
            replies.update(zip(places, given, strict=True))
        return tuple(replies[i] for i in range(len(recipients)))

    def _groups(self, outcome: Outcome) -> dict[Decision, list[int]]:
        """Which recipients share a decision; SMTP has one answer, the most severe."""
        if self.settings.protocol is Dialect.SMTP:
            return {outcome.decision: list(range(len(outcome.decisions)))}
        groups: dict[Decision, list[int]] = {}
        for i, given in enumerate(outcome.decisions):
            groups.setdefault(given.decision, []).append(i)
        return groups

    async def _carry_out(
        self, message: Message, decision: Decision
    ) -> tuple[Reply, ...]:
        """One reply for each recipient; `message` names those who share a decision."""
        action, count = decision.action, len(message.envelope.recipients)
        if self.next_hop is None:
            text = f"scanned, not delivered: {action.value} {decision.score:.2f}"
            return (Reply(451, (f"4.3.5 {text}",)),) * count
        if action is Action.SOFT_REJECT:
            return (Reply(451, (f"4.7.1 {decision.sentence}",)),) * count
        if decision.redirect_to is not None:
            return await self._put_aside(message, decision, decision.redirect_to)
        if action is Action.QUARANTINE:
            return await self._put_aside(message, decision, self.quarantine_address)
        if action is Action.REJECT and self.settings.refuses:
            return (Reply(550, (f"5.7.1 {decision.sentence}",)),) * count
        effort = editing_effort(message.content)
        delivery = await self.offload(effort, self.packing.pack, message, decision)
        return await self._deliver(self.next_hop, message.id, delivery)

    async def _put_aside(
        self, message: Message, decision: Decision, address: str | None
    ) -> tuple[Reply, ...]:
        """To this address alone; one reply for each recipient."""
        count = len(message.envelope.recipients)
        if address is None:
            return (NO_QUARANTINE,) * count
        assert self.next_hop is not None, "the caller has looked"
        effort, pack = editing_effort(message.content), self.packing.put_aside
        aside = await self.offload(effort, pack, message, decision, address)
        return await self._deliver(self.next_hop, message.id, aside) * count

    async def _deliver(
        self, next_hop: NextHop, message_id: str, delivery: Delivery
    ) -> tuple[Reply, ...]:
        try:
            replies = await next_hop.deliver(delivery)
        except RelayError as e:
            self.maillog.not_relayed(message_id, str(e), uncertain=e.uncertain)
            replies = _known(e, len(delivery.recipients))
            return tuple(_passed_on(r) for r in replies)
        self.maillog.relayed(message_id, replies)
        return tuple(_passed_on(r) for r in replies)


def _for(message: Message, recipients: tuple[str, ...]) -> Message:
    """The same message for some of its recipients."""
    if recipients == message.envelope.recipients:
        return message
    return evolve(message, envelope=evolve(message.envelope, recipients=recipients))


def _known(error: RelayError, recipients: int) -> tuple[Reply, ...]:
    """What the next hop said before it broke off; the rest must come again."""
    said = error.replies or (None,) * recipients
    return tuple(reply or UNREACHABLE for reply in said)


def _passed_on(reply: Reply) -> Reply:
    """421 would say that we hang up, which is true of the next hop only."""
    return Reply(451, reply.lines) if reply.code == 421 else reply
