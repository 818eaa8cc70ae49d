"""Complaints to mails for the outbox: redacted, written, named. Pure CPU work."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from functools import partial

from attrs import evolve, field, frozen

from sc.abuse.bounces.verp import ReturnPaths
from sc.abuse.complaints import dedupe_key, source_key, summary
from sc.abuse.profiles import Manner, ReportFormat
from sc.abuse.providers import spamcop
from sc.abuse.providers.provider import Provider
from sc.abuse.providers.registry import besides_mail, in_place_of_mail
from sc.abuse.reports import arf, xarf_mail
from sc.abuse.reports.dossier import Dossier, redacted
from sc.abuse.reports.letter import Author, Incident, told_in_a_line
from sc.abuse.reports.redact import Redactor
from sc.abuse.reports.report_id import ReportSeal
from sc.abuse.reports.signer import Signer
from sc.abuse.reports.xarf import MAX_ORG, Report
from sc.abuse.settings import AbuseReportSettings
from sc.model.complaint import Complaint, Item
from sc.model.evidence import Evidence
from sc.model.message import Message
from sc.model.xarf import XarfReporter
from sc.offload import INLINE
from sc.outbox.entry import Earlier, NewReport


@frozen
class Drafts:
    """
    Writes the reports.

    @ivar software: our name and version.
    @ivar redaction_key: secret; see `Redactor`.
    @ivar new_id: for each report.
    @ivar signer: of the finished mail; what it makes is kept, so that each attempt
        sends the same octets.
    @ivar return_paths: make each report's sender; None: it is `from`.
    """

    settings: AbuseReportSettings
    software: str
    redaction_key: bytes = field(repr=False)
    seal: ReportSeal
    new_id: Callable[[], str]
    signer: Signer = Signer()
    return_paths: ReturnPaths | None = None

    def octets(self, message: Message, reports: int) -> int:
        """How much work it is to write so many, for `Offload`."""
        besides = 1 if self.settings.providers.any else 0
        size = len(message.content) * (reports + besides)
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
        One mail for each complaint, or as many as its desk's format needs.

        @param now: seconds since 1970.
        @param infected: a scanner found a virus in the message.
        """
        dossier = self._open(message, evidence, now, infected=infected)
        instead = {one.name: one for one in in_place_of_mail(self.settings.providers)}
        reports: list[NewReport] = []
        for complaint in complaints:
            provider = instead.get(complaint.address)
            if provider is None:
                reports += self._reports(dossier, complaint)
            else:
                reports += self._submissions(dossier, complaint, provider)
        everything = tuple(item for one in complaints for item in one.items)
        for provider in besides_mail(self.settings.providers):
            told = Complaint(provider.name, everything, mailable=True)
            reports += self._submissions(dossier, told, provider)
        reports += self._to_spamcop(dossier, everything)
        return tuple(reports)

    def redactor(self, message: Message) -> Redactor:
        """For everything that is told in an answer about this message."""
        dossier = self._open(message, Evidence(""), 0.0)
        return dossier.redactor(redact=self.settings.redact)

    def _open(
        self,
        message: Message,
        evidence: Evidence,
        now: float,
        *,
        infected: bool = False,
    ) -> Dossier:
        return Dossier(
            message,
            evidence,
            datetime.fromtimestamp(int(now), UTC),
            eight_bit=self.settings.eight_bit,
            infected=infected,
            redaction_key=self.redaction_key,
        )

    def _reports(self, dossier: Dossier, complaint: Complaint) -> Iterator[NewReport]:
        """What XARF cannot say is said in ARF: better than not at all."""
        manner = self.settings.manner(complaint.address)
        told = self._xarf(dossier, complaint, manner)
        for item, report in told.items():
            yield self._draft(dossier, evolve(complaint, items=(item,)), manner, report)
        rest = tuple(item for item in complaint.items if item not in told)
        if rest:
            yield self._draft(dossier, evolve(complaint, items=rest), manner)

    def _submissions(
        self, dossier: Dossier, complaint: Complaint, provider: Provider
    ) -> Iterator[NewReport]:
        """To a third party: redacted, whatever the profiles say."""
        manner = evolve(self.settings.manner(provider.name), redact=True)
        author = self._author(manner)
        incident = self._incident(dossier, complaint, manner, "")
        for one in provider.submissions(incident, author):
            day, message = str(dossier.written.date()), dossier.evidence.fingerprint
            yield NewReport(
                key=_key(provider.name, one.about, day if one.daily else message),
                contact=provider.name,
                message_id=dossier.message.id,
                mail_from="",
                rcpt_to=one.path,
                mail=one.body,
                mail_message_id="",
                evidence=one.about,
                id=self.new_id(),
                route=provider.name,
            )

    def _to_spamcop(
        self, dossier: Dossier, items: tuple[Item, ...]
    ) -> Iterator[NewReport]:
        """It reads the message by itself, and gets it by mail, redacted."""
        address = self.settings.providers.spamcop.address
        if address is None:
            return
        manner = evolve(self.settings.manner(spamcop.NAME), redact=True)
        author = self._author(manner)
        key = _key(spamcop.NAME, dossier.evidence.fingerprint)
        told = Complaint(address, items, mailable=True)
        incident = self._incident(dossier, told, manner, key)
        if spamcop.takes(incident):
            mail = spamcop.write(incident, author, self.seal)
            draft = self._mailed(dossier, incident, key, mail)
            yield evolve(draft, contact=spamcop.NAME)

    def _xarf(
        self, dossier: Dossier, complaint: Complaint, manner: Manner
    ) -> Mapping[Item, Report]:
        # In XARF the message is whole: a virus would travel along.
        if manner.format is not ReportFormat.XARF or dossier.infected:
            return {}
        author = self._author(manner)
        org = (author.name or author.domain)[:MAX_ORG]
        reporter = XarfReporter(org, author.address, author.domain)
        return dossier.xarf(manner, reporter, complaint.items)

    def _author(self, manner: Manner) -> Author:
        name, address = parseaddr(self.settings.from_ or "")
        return Author(
            address,
            self.settings.reporter or name,
            self.software,
            manner.auto_submitted,
        )

    def _draft(
        self,
        dossier: Dossier,
        complaint: Complaint,
        manner: Manner,
        report: Report | None = None,
    ) -> NewReport:
        """@param report: in XARF; without it, the mail is an ARF report."""
        key = dedupe_key(complaint, dossier.evidence.fingerprint)
        author = self._author(manner)
        incident = self._incident(dossier, complaint, manner, key)
        if report is None:
            mail = arf.write(incident, author, self.seal)
        else:
            incident = xarf_mail.enclose(report, incident, author)
            mail = xarf_mail.write(incident, author, self.seal)
        draft = self._mailed(dossier, incident, key, mail)
        if report is not None:
            return draft  # XARF has one incident a report, and no way to say more
        return evolve(
            draft,
            source=source_key(complaint, infected=dossier.infected),
            incident=told_in_a_line(incident),
            digest=partial(self._digest, incident, author),
        )

    def _mailed(
        self, dossier: Dossier, incident: Incident, key: str, mail: bytes
    ) -> NewReport:
        complaint = incident.complaint
        return NewReport(
            key=key,
            contact=complaint.address,
            message_id=dossier.message.id,
            mail_from=self._mail_from(incident.report_id),
            rcpt_to=complaint.address,
            mail=self.signer.sign(mail),
            mail_message_id=f"<{incident.message_id}>",
            evidence=summary(complaint),
            id=incident.report_id,
        )

    def _digest(self, incident: Incident, author: Author, earlier: Earlier) -> bytes:
        """The mail of the report that waits, for this incident and those before."""
        whole = evolve(
            incident,
            report_id=earlier.id,
            message_id=earlier.mail_message_id.strip("<>"),
            count=earlier.count + 1,
            earlier=earlier.lines,
        )
        return self.signer.sign(arf.write(whole, author, self.seal))

    def _mail_from(self, report_id: str) -> str:
        paths = self.return_paths
        return paths.make(report_id) if paths else self.settings.address

    def _incident(
        self, dossier: Dossier, complaint: Complaint, manner: Manner, key: str
    ) -> Incident:
        sender = dossier.message.envelope.sender
        redact = dossier.redactor(redact=manner.redact).text
        items = tuple(redacted(item, redact) for item in complaint.items)
        # Whoever gets it twice, after a crash or a retry, can see that it is one.
        stable = f"{key}|{dossier.written.date()}".encode()
        digest = hashlib.sha256(stable).hexdigest()[:40]
        return Incident(
            complaint=evolve(complaint, items=items),
            original=dossier.original_for(complaint, manner),
            sender=None if sender is None else redact(sender),
            arrived=dossier.arrived,
            written=dossier.written,
            report_id=self.new_id(),
            infected=dossier.infected,
            message_id=f"{digest}@{self.settings.address.rpartition('@')[2]}",
        )


def _key(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
