"""Complaints to mails for the outbox: redacted, written, named. Pure CPU work."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parseaddr

from attrs import evolve, field, frozen

from sc.abuse.arf import write
from sc.abuse.arrival import arrival, instant
from sc.abuse.complaints import dedupe_key, summary
from sc.abuse.letter import Author, Incident
from sc.abuse.original import Original, attach
from sc.abuse.recipients import Recipients, read_recipients
from sc.abuse.redact import Redactor
from sc.abuse.report_id import ReportSeal
from sc.abuse.settings import AbuseReportSettings
from sc.abuse.signer import Signer
from sc.model.complaint import Complaint, Item, RelayItem
from sc.model.evidence import Evidence
from sc.model.message import Message
from sc.offload import INLINE
from sc.outbox.entry import NewReport


@frozen
class _Case:
    """What all reports about one message have in common."""

    message: Message
    evidence: Evidence
    redactor: Redactor
    original: Original
    arrived: datetime | None
    written: datetime
    infected: bool


@frozen
class Drafts:
    """
    Writes the reports.

    @ivar software: our name and version.
    @ivar redaction_key: secret; see `Redactor`.
    @ivar new_id: for each report.
    @ivar signer: of the finished mail; what it makes is kept, so that each attempt
        sends the same octets.
    """

    settings: AbuseReportSettings
    software: str
    redaction_key: bytes = field(repr=False)
    seal: ReportSeal
    new_id: Callable[[], str]
    signer: Signer = Signer()

    def octets(self, message: Message, reports: int) -> int:
        """How much work it is to write so many, for `Offload`."""
        size = len(message.content) * reports
        return max(size, INLINE + 1) if self.signer.keys else size

    def write(
        self,
        message: Message,
        evidence: Evidence,
        complaints: tuple[Complaint, ...],
        now: float,
        *,
        infected: bool = False,
    ) -> tuple[NewReport, ...]:
        """
        One mail for each complaint; the message is redacted once.

        @param now: seconds since 1970.
        @param infected: a scanner found a virus in the message.
        """
        case = self._open(message, evidence, now, infected=infected)
        return tuple(self._report(case, complaint) for complaint in complaints)

    def redactor(self, message: Message) -> Redactor:
        """For everything that is told about this message; idle if it is not wanted."""
        recipients = Recipients()
        if self.settings.redact:
            recipients = read_recipients(message.content, message.envelope.recipients)
        return Redactor(recipients, self.redaction_key)

    def _open(
        self, message: Message, evidence: Evidence, now: float, *, infected: bool
    ) -> _Case:
        redactor = self.redactor(message)
        original = attach(
            message.content,
            redactor,
            self.settings.attach_up_to,
            eight_bit=self.settings.eight_bit,
            infected=infected,
        )
        written = datetime.fromtimestamp(int(now), UTC)
        arrived = arrival(evidence, written)
        return _Case(message, evidence, redactor, original, arrived, written, infected)

    def _report(self, case: _Case, complaint: Complaint) -> NewReport:
        key = dedupe_key(complaint, case.evidence.fingerprint)
        name, address = parseaddr(self.settings.from_ or "")
        author = Author(
            address,
            self.settings.reporter or name,
            self.software,
            self.settings.auto_submitted,
        )
        incident = self._incident(case, complaint, key, author)
        return NewReport(
            key=key,
            contact=complaint.address,
            message_id=case.message.id,
            mail_from=address,
            rcpt_to=complaint.address,
            mail=self.signer.sign(write(incident, author, self.seal)),
            mail_message_id=f"<{incident.message_id}>",
            evidence=summary(complaint),
            id=incident.report_id,
        )

    def _incident(
        self, case: _Case, complaint: Complaint, key: str, author: Author
    ) -> Incident:
        sender = case.message.envelope.sender
        redact = case.redactor.text
        items = tuple(_redacted(item, redact) for item in complaint.items)
        # Whoever gets it twice, after a crash or a retry, can see that it is one.
        stable = f"{key}|{case.written.date()}".encode()
        return Incident(
            complaint=evolve(complaint, items=items),
            original=case.original,
            sender=None if sender is None else redact(sender),
            arrived=case.arrived,
            written=case.written,
            report_id=self.new_id(),
            message_id=f"{hashlib.sha256(stable).hexdigest()[:40]}@{author.domain}",
            infected=case.infected,
        )


def _redacted(item: Item, redact: Callable[[str], str]) -> Item:
    """Links carry the recipient; HELO and reverse name could."""
    if isinstance(item, RelayItem):
        relay = item.relay
        plain = evolve(
            relay,
            helo=redact(relay.helo) if relay.helo else None,
            rdns=redact(relay.rdns) if relay.rdns else None,
            date=instant(relay),
        )
        return evolve(item, relay=plain)
    links = tuple(
        evolve(link, url=redact(link.url), chain=(), part=redact(link.part))
        for link in item.links
    )
    return evolve(item, links=links)
