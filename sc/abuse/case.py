"""One message on its way from evidence to complaints, readable at any time.

Whoever waits for it takes what is known when the time is over.
"""

from collections.abc import (
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from datetime import UTC, datetime
from typing import Any, Protocol

from attrs import define, evolve, field, frozen

from sc.abuse.arrival import arrival
from sc.abuse.bounces.desks import Desk, Desks
from sc.abuse.complaints import Grouped, group, justifies, sources
from sc.abuse.contacts.feedback_loops import FeedbackLoops
from sc.abuse.contacts.lookup import Found, Lookup, all_of
from sc.abuse.evidence import EFFORT
from sc.abuse.reports.drafts import Drafts
from sc.abuse.reports.report_id import REASON, ReportSeal
from sc.abuse.reports.xarf import Spam, Told, write
from sc.abuse.settings import AbuseReportSettings
from sc.abuse.shorteners.following import Shorteners
from sc.model.complaint import Complaint
from sc.model.evidence import Attached, Evidence
from sc.model.message import Message
from sc.model.report import (
    Boundary,
    ReportOutcome,
    ReportRequest,
    ReportState,
    ReportStatus,
)
from sc.model.xarf import XarfRequest
from sc.offload import Offload
from sc.outbox.bell import Bell
from sc.outbox.entry import NewReport

NOTHING = (
    "nothing to send: no desk is known for a verified relay or a link that navigates"
)


DRY_RUN = "dry run: nothing is sent"


class Taking(Protocol):
    """What `sc.abuse.reports.dry_run.DryRun` does."""

    async def add(self, report: NewReport) -> ReportStatus:
        """@raise StoreError: it was not taken."""
        ...


class Outgoing(Taking, Protocol):
    """What `sc.outbox.outbox.Outbox` does."""

    async def wait(
        self, report_ids: Sequence[str], timeout: float
    ) -> tuple[ReportStatus, ...]:
        """Where they stand when none is under way any more, or after `timeout`."""
        ...


@frozen
class Means:
    """
    With what a report is made.

    @ivar attached: `sc.attached.reader.AttachmentReader.read`.
    @ivar gather: `sc.abuse.evidence.gather`, its settings bound.
    @ivar boundary: of a request that brings none.
    @ivar dry_run: takes what must not leave.
    @ivar loops: None where no sender's choice of a desk is heard.
    """

    settings: AbuseReportSettings
    attached: Callable[[Message], Awaitable[tuple[Attached, ...]]]
    gather: Callable[[Message, Boundary, tuple[Attached, ...]], Evidence]
    boundary: Boundary
    lookup: Lookup
    shorteners: Shorteners
    drafts: Drafts
    seal: ReportSeal
    outbox: Outgoing
    dry_run: Taking
    offload: Offload
    desks: Desks
    loops: FeedbackLoops | None = None


@define(eq=False)
class Case:
    """
    @ivar means: those of its beginning; a reload does not touch it.
    @ivar done: rings once, when nothing more will come.
    @ivar dead: desks, by their address in lower case, whose reports are kept back.
    """

    message: Message
    request: ReportRequest
    means: Means
    done: Bell
    evidence: Evidence | None = None
    found: Found = field(factory=Found)
    reports: list[ReportStatus] = field(factory=list)
    dead: Mapping[str, Desk] = field(factory=dict)

    async def find(self) -> None:
        """Evidence, links, hosts, contacts. What stays unknown is told as a warning."""
        message = self.message
        attached = await self.means.attached(message)
        evidence = await self.means.offload(
            EFFORT * len(message.content), self._gather, attached
        )
        self.evidence = evidence
        if not evidence.skip:
            await all_of(self._lookups(evidence))
            complaints = self.grouped().to_mail
            self.dead = await self.means.desks.dead(c.address for c in complaints)

    def _lookups(self, evidence: Evidence) -> Iterator[Coroutine[Any, Any, None]]:
        """The relay's and the sender's desks wait for no shortener that hangs."""
        means, found = self.means, self.found
        yield means.lookup.run(evolve(evidence, links=()), found)
        yield self._find_links(evidence)
        if means.loops is not None:
            yield means.loops.run(self.message.content, found)

    async def _find_links(self, evidence: Evidence) -> None:
        means = self.means
        self.evidence = await means.shorteners.follow(
            self.message, evidence, self.found, means.settings.wait
        )
        await means.lookup.run(self.evidence, self.found)

    async def send(self, now: float) -> None:
        """
        Put a report for each desk that gets mail into the outbox. It knows those that
        it has already, so this may be done twice.

        @raise StoreError: not all were taken.
        """
        to_mail = self.grouped().to_mail
        if self.evidence is None or not to_mail:
            return
        drafts = await self.means.offload(
            self.means.drafts.octets(
                self.message, sum(len(desk.items) for desk in to_mail)
            ),
            self.means.drafts.write,
            self.message,
            self.evidence,
            to_mail,
            now,
            infected=self.request.infected,
        )
        taking = self.means.dry_run if self.is_dry_run else self.means.outbox
        for draft in drafts:
            dead = self.dead.get(draft.rcpt_to.lower())
            kept_back = evolve(draft, suppressed=dead.obituary if dead else "")
            status = await taking.add(kept_back)
            if status.id not in {report.id for report in self.reports}:
                self.reports.append(status)
        await self._remember(to_mail, now)

    def grouped(self) -> Grouped:
        if self.evidence is None or self.evidence.skip:
            return Grouped()
        return group(
            self.evidence,
            self.found.known,
            self.means.settings,
            legacy_all=self._legacy_all,
            sending=self.request.send,
        )

    def outcome(self) -> ReportOutcome:
        """As far as it is known now."""
        evidence = self.evidence or Evidence(fingerprint="")
        grouped = self.grouped()
        return ReportOutcome(
            message_id=self.message.id,
            evidence=evidence,
            complaints=grouped.complaints,
            forms=self.found.forms_for,
            warnings=self._warnings(evidence, grouped),
            reports=tuple(self.reports),
            complete=self._complete,
            dry_run=self.is_dry_run,
        )

    async def with_xarf(self, outcome: ReportOutcome, now: float) -> ReportOutcome:
        """
        The same, with XARF reports if they are asked for.

        @param now: seconds since 1970.
        """
        if self.request.xarf is None or not outcome.complaints:
            return outcome
        told = await self.means.offload(
            len(self.message.content), self._xarf, self.request.xarf, outcome, now
        )
        warnings = (*outcome.warnings, *told.warnings)
        return evolve(outcome, xarf=told.reports, warnings=warnings)

    @property
    def silence(self) -> str:
        """When it is done: why no new mail comes of it; "" if one does."""
        if any(not report.duplicate for report in self.reports):
            return ""
        if self.reports:
            ids = ",".join(report.id for report in self.reports)
            return f"it was reported before as {ids}"
        return self.evidence.skip if self.evidence and self.evidence.skip else NOTHING

    @property
    def is_dry_run(self) -> bool:
        """Whether all is done but the sending."""
        asked = self.request.dry_run or self.means.settings.dry_run
        return self.request.send and asked

    @property
    def _complete(self) -> bool:
        return self.done.rings > 0

    @property
    def _boundary(self) -> Boundary:
        return self.request.boundary or self.means.boundary

    @property
    def _legacy_all(self) -> bool:
        """The operator's word only: with it, a caller could forge whom we write to."""
        return self.means.boundary.legacy_all and not self._boundary.configured

    def _xarf(self, asked: XarfRequest, outcome: ReportOutcome, now: float) -> Told:
        """About what a desk would be written to; nobody is accused of an image."""
        items = (
            item
            for complaint in outcome.complaints
            for item in complaint.items
            if justifies(item, legacy_all=self._legacy_all)
        )
        spam = Spam(
            message=self.message,
            evidence=outcome.evidence,
            redactor=self.means.drafts.redactor(self.message),
            limit=self.means.settings.attach_up_to,
            now=datetime.fromtimestamp(int(now), UTC),
        )
        return write(asked, spam, items)

    async def _remember(self, told: Iterable[Complaint], now: float) -> None:
        """
        Of what each desk hears, so that it is known when it is seen again. A provider
        can stop nothing.
        """
        assert self.evidence is not None
        arrived = arrival(self.evidence, datetime.fromtimestamp(int(now), UTC))
        seen = arrived.timestamp() if arrived else now
        desks = (complaint for complaint in told if "@" in complaint.address)
        named = {complaint.address.lower(): sources(complaint) for complaint in desks}
        for report in self.reports:
            words = named.get(report.contact.lower(), ())
            if words and report.state is not ReportState.SUPPRESSED:
                await self.means.desks.told(report.id, report.contact, words, seen)

    def _gather(self, attached: tuple[Attached, ...]) -> Evidence:
        evidence = self.means.gather(self.message, self._boundary, attached)
        if self.means.seal.is_ours(self.message.content):
            return evolve(evidence, skip=REASON)
        return evidence

    def _warnings(self, evidence: Evidence, grouped: Grouped) -> tuple[str, ...]:
        warnings = [*evidence.warnings, *self.found.problems, *grouped.warnings]
        if self.is_dry_run:
            warnings.append(DRY_RUN)
        warnings += [f"{desk.obituary}: not written to" for desk in self.dead.values()]
        if evidence.skip:
            warnings.append(f"not reported: {evidence.skip}")
        if not self._complete:
            late = self.found.pending or ("the rest",)
            wait = f"{self.means.settings.wait:g} s"
            warnings += [f"{what} did not come within {wait}" for what in late]
        elif self.request.send and not grouped.to_mail and not evidence.skip:
            warnings.append(NOTHING)
        return tuple(dict.fromkeys(warnings))
