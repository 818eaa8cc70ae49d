"""A report in the outbox: as it comes in, and as it stands there."""

from collections.abc import Callable

from attrs import Attribute, field, frozen, validators

from sc.model.report import ReportState, ReportStatus
from sc.wire.smtp_mail import check_path

SMTP = "smtp"
"""The route of a report that leaves by mail."""

NOTICE, WEBHOOK = "notice", "webhook"
"""The routes of what the operator's own people are told: by mail, by a POST."""

BY_MAIL = (SMTP, NOTICE)


def _path(report: "NewReport", attribute: "Attribute[str]", value: str) -> None:
    if report.route in BY_MAIL:
        check_path(value)
    if not value and attribute.name == "rcpt_to":
        raise ValueError("a report without a recipient")


@frozen
class Earlier:
    """
    The incidents that a digest covers besides its own.

    @ivar id: of the report whose mail it is.
    @ivar mail_message_id: of that mail.
    @ivar count: of all of them.
    @ivar lines: the latest of them, the oldest first.
    """

    id: str
    mail_message_id: str
    count: int
    lines: tuple[str, ...]


@frozen
class NewReport:
    """
    @ivar key: the same for the same evidence to the same contact.
    @ivar contact: the desk, as people know it.
    @ivar message_id: ours, of the message that is reported.
    @ivar mail_from: reverse-path; "" is the null sender.
    @ivar rcpt_to: forward-path; by another route than mail, where there it goes.
    @ivar mail: the whole mail, header and body; by another route, what goes there.
    @ivar mail_message_id: its Message-ID: the same at each attempt.
    @ivar evidence: a few words for the log.
    @ivar id: where the mail carries it already; else the outbox makes one.
    @ivar source: the same for reports that may be merged into one mail; "" for never.
    @ivar incident: one line about it, for the digest that it may become part of.
    @ivar digest: writes the mail for this incident and earlier ones; called in the
        store's thread.
    @ivar route: `smtp`, the provider that takes it, `notice` or `webhook`.
    @ivar suppressed: why it is kept and not sent; "": it is sent.
    """

    key: str = field(validator=validators.min_len(1))
    contact: str
    message_id: str
    mail_from: str = field(validator=_path)
    rcpt_to: str = field(validator=_path)
    mail: bytes = field(repr=False)
    mail_message_id: str
    evidence: str = ""
    id: str = ""
    source: str = ""
    incident: str = ""
    digest: Callable[[Earlier], bytes] | None = field(default=None, repr=False)
    route: str = SMTP
    suppressed: str = ""


@frozen
class Entry:
    """
    One row. Times are seconds since 1970.

    @ivar attempts: how many came to an end since it was queued.
    @ivar queued: when it was taken, or last told to retry.
    @ivar changed: when it came into this state.
    @ivar next_attempt: None unless it is sent by itself.
    @ivar node: the one that has it, or had it last; "" is any.
    @ivar claimed: until then the node has it for itself; None: nobody has.
    @ivar admitted: when it was counted as leaving; None: not yet.
    @ivar carrier: the report whose mail it is part of, and whose end it shares.
    """

    id: str
    message_id: str
    contact: str
    mail_from: str
    rcpt_to: str
    mail_message_id: str
    evidence: str
    state: ReportState
    reason: str
    attempts: int
    created: float
    queued: float
    changed: float
    next_attempt: float | None
    node: str = ""
    claimed: float | None = None
    admitted: float | None = None
    carrier: str | None = None
    route: str = SMTP

    @property
    def is_notice(self) -> bool:
        """No report: no desk gets it, and no rate holds it back."""
        return self.route in (NOTICE, WEBHOOK)

    @property
    def to_provider(self) -> bool:
        """A desk is known by its address, a provider by its name, also if by mail."""
        return "@" not in self.contact

    def is_moving(self, until: float) -> bool:
        """Whether its next state comes by itself until then."""
        if self.state is ReportState.SENDING:
            return True
        due = self.next_attempt is not None and self.next_attempt <= until
        return self.state is ReportState.QUEUED and due

    def status(self, *, duplicate: bool = False) -> ReportStatus:
        return ReportStatus(self.id, self.contact, self.state, self.reason, duplicate)
