"""Takes what comes back for our reports: bounces, ticket numbers, answers.

A bounce that cannot be shown to be one of ours changes nothing, because whoever could
forge one could silence a desk. An answer need only name a report.
"""

from collections.abc import Iterator

from attrs import field, frozen
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from sc.abuse.bounces.answers import Answers
from sc.abuse.bounces.desks import Desks
from sc.abuse.bounces.verp import ReturnPaths
from sc.abuse.reports.report_id import ReportSeal
from sc.content.dsn import Action, RecipientStatus
from sc.content.response import Response, read_response
from sc.maillog import plain
from sc.model.message import Message
from sc.model.report import ReportState
from sc.offload import Offload
from sc.outbox.entry import Entry
from sc.outbox.outbox import Outbox
from sc.outbox.settings import DAY
from sc.outbox.states import TransitionError
from sc.outbox.table import NoSuchReportError

NOBODY_THERE = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""RFC 3463, RFC 7505: no such mailbox, no such host, moved, null MX, switched off."""

MAX_AGE = 7 * DAY
"""Seconds after which no MTA on the way still has a report (RFC 5321 4.5.4.1: five
days). Desks hand reports on to their customers, with all that proves a bounce."""


class UnsettledError(Exception):
    """Its report is being sent, or changes just now."""


@frozen
class Claim:
    """
    Which report a message is about.

    @ivar by: what says so, for the log.
    @ivar proven: only who got the report, or an MTA on the way, could say so.
    """

    report_id: str
    by: str
    proven: bool


@frozen
class Bounces:
    """@ivar paths: None while reports have no sender of their own."""

    outbox: Outbox
    answers: Answers
    desks: Desks
    seal: ReportSeal
    paths: ReturnPaths | None
    clock: IReactorTime
    offload: Offload
    _log: Logger = field(factory=lambda: Logger("sc.abuse"))

    async def take(self, message: Message) -> None:
        """
        Return when what it says is committed. What is not ours is only told in the
        log: a bounce is never bounced.

        @raise UnsettledError: it must come again.
        @raise StoreError: not written down.
        """
        null_sender = not message.envelope.sender
        size = len(message.content)
        response = await self.offload(
            size, read_response, message.content, null_sender=null_sender
        )
        claim, entry = await self._find(message, response)
        status = response.fate(entry.rcpt_to) if entry else None
        self._tell(message, response, status, claim)
        if entry is None:
            return
        if status is None:
            await self.answers.keep(message.id, entry, response)
        elif status.action is Action.FAILED and claim.proven:
            await self._bounce(entry, status)

    async def _find(
        self, message: Message, response: Response
    ) -> tuple[Claim, Entry | None]:
        """The first claim whose report we have, else the last one, for the log."""
        none = Claim("", "nothing", proven=False)
        for claim in self._claims(message, response):
            try:
                return claim, await self.outbox.get(claim.report_id)
            except NoSuchReportError:
                none = claim
        found = await self.answers.report_of(response.message_ids)
        if found is not None:
            return Claim(found.id, "message-id", proven=False), found
        return none, None

    def _claims(self, message: Message, response: Response) -> Iterator[Claim]:
        for recipient in message.envelope.recipients[:10]:
            report_id = self.paths.report_of(recipient) if self.paths else ""
            if report_id:
                yield Claim(report_id, "sender", proven=True)
        for header in response.returned:
            report_id = self.seal.report_of(header)
            if report_id:
                yield Claim(report_id, "header", proven=True)
        if 0 < len(response.envelope_id) <= 64:
            yield Claim(response.envelope_id, "envelope-id", proven=False)

    async def _bounce(self, entry: Entry, status: RecipientStatus) -> None:
        if entry.state not in (ReportState.SENT, ReportState.UNCERTAIN):
            if entry.state is ReportState.SENDING:
                raise UnsettledError(entry.id)
            return  # it bounced before, or is on its way once more
        if self.clock.seconds() > entry.changed + MAX_AGE:
            self._log.warn("the bounce of {id} comes too late", id=entry.id)
            return
        reason = status.reason or "it says no reason"
        # Where a desk is a list of people, one of them may be gone.
        gone = status.status in NOBODY_THERE and status.is_about(entry.rcpt_to)
        also = self.desks.bury if gone else None
        try:
            await self.outbox.bounced(entry.id, reason, also)
        except TransitionError as e:
            raise UnsettledError(entry.id) from e
        dead = await self.desks.dead([entry.rcpt_to])
        for desk in dead.values():
            self._log.warn(
                "desk {desk} is dead for {days:g} days: {reason}; if it is not:"
                " scctl desks revive {desk}",
                desk=plain(desk.address),
                days=self.desks.settings.dead_days,
                reason=desk.reason,
            )

    def _tell(
        self,
        message: Message,
        response: Response,
        status: RecipientStatus | None,
        claim: Claim,
    ) -> None:
        """One line, whatever it is."""
        what = status.action.value if status else response.kind.value
        self._log.info(
            "came back id={id} report={report} by={by} proven={proven} what={what}"
            " from={sender} ticket={ticket} reason={reason}",
            id=message.id,
            report=plain(claim.report_id) or "-",
            by=claim.by,
            proven=claim.proven,
            what=what,
            sender=plain(response.sender) or "-",
            ticket=plain(response.ticket) or "-",
            reason=plain(status.reason) if status and status.reason else "-",
        )
