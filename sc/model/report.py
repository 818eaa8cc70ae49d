"""A request to report a message, and what became of it."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from attrs import field, frozen

from sc.model.complaint import Complaint, IPNetwork, Item
from sc.model.envelope import IPAddress
from sc.model.evidence import Evidence
from sc.model.xarf import XarfRequest


@frozen
class Boundary:
    """
    The hosts whose Received fields we believe. Without any, no relay is reported.

    @ivar names: host names that write `by NAME`.
    @ivar domains: every host of these domains.
    @ivar cidrs: addresses of our own hosts.
    @ivar legacy_all: if nothing else is set, write to the network of every public
        address in any Received field; a stranger can forge all but the last.
    """

    names: tuple[str, ...] = field(default=(), metadata={"key": "name"})
    domains: tuple[str, ...] = field(default=(), metadata={"key": "domain"})
    cidrs: tuple[IPNetwork, ...] = ()
    legacy_all: bool = False

    @property
    def configured(self) -> bool:
        return bool(self.names or self.domains or self.cidrs)


@frozen
class ReportRequest:
    """
    @ivar send: the caller asks us to write to the desks.
    @ivar boundary: the caller's own boundary; None: the configured one.
    @ivar caller: who asks, for the log (a token's name or an address).
    @ivar xarf: the answer is to hold XARF reports.
    @ivar infected: a scanner found a virus; the report must not carry it.
    @ivar dry_run: with `send`: write down what would be sent, for the operator.
    @ivar key: the caller's own name for this request to send; "" is none.
    """

    send: bool = False
    boundary: Boundary | None = None
    caller: str = ""
    xarf: XarfRequest | None = None
    infected: bool = False
    dry_run: bool = False
    key: str = ""


class KeyReusedError(Exception):
    """The caller used the same key for something else."""


class SendingNotConfiguredError(Exception):
    """`abuse_report` is not configured, so nothing can be sent."""


class ReportState(Enum):
    """Where a report stands in the outbox."""

    QUEUED = "queued"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    SENT = "sent"
    BOUNCED = "bounced"
    DEFERRED = "deferred"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        return self in (
            ReportState.SENT,
            ReportState.BOUNCED,
            ReportState.SUPPRESSED,
            ReportState.CANCELLED,
            ReportState.FAILED,
        )


@frozen
class ReportStatus:
    """One report as its caller and the operator see it."""

    id: str
    contact: str
    state: ReportState
    reason: str = ""
    duplicate: bool = False


@frozen
class Form:
    """
    A network that takes reports by a web page, and wants no mail.

    @ivar ip: of the relay, or of `hosts`.
    """

    ip: IPAddress
    hosts: tuple[str, ...]
    url: str


@frozen
class ReportOutcome:
    """
    @ivar forms: for a person to fill in; we tell nobody there.
    @ivar complete: False if the wait ended before all contacts were found; the
        rest goes on in the background.
    @ivar reports: one for each contact that was to be mailed; empty unless asked.
    @ivar xarf: JSON objects for items of the complaints; empty unless asked.
    @ivar dry_run: the reports were written down, and not sent.
    """

    message_id: str
    evidence: Evidence
    complaints: tuple[Complaint, ...] = ()
    forms: tuple[Form, ...] = ()
    warnings: tuple[str, ...] = ()
    reports: tuple[ReportStatus, ...] = ()
    complete: bool = True
    xarf: Mapping[Item, Mapping[str, Any]] = field(factory=dict, hash=False)
    dry_run: bool = False
