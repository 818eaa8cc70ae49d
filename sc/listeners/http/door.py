"""What all requests of one HTTP listener share."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from attrs import field, frozen
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from sc.abuse.bounces.answers import DeskAnswer
from sc.abuse.bounces.desks import Desk
from sc.abuse.contacts.who import Answer
from sc.access import Access
from sc.explain import Story
from sc.flow import Flow
from sc.listeners.http.settings import HttpSettings
from sc.model.incident import Incident
from sc.model.report import ReportState, ReportStatus
from sc.model.status import ScannerStatus
from sc.offload import Offload
from sc.outbox.entry import Entry
from sc.outbox.gate import Answered
from sc.outbox.stop import Stop
from sc.scan.list_entry import Entry as ListEntry


class Outbox(Protocol):
    """The operator's part of the outbox."""

    async def list(
        self, state: ReportState | None = None, limit: int = 100
    ) -> tuple[Entry, ...]: ...

    async def get(self, report_id: str) -> Entry:
        """@raise NoSuchReportError: there is none."""
        ...

    async def retry(self, report_id: str) -> ReportStatus:
        """
        @raise NoSuchReportError: there is none.
        @raise TransitionError: it cannot be sent again.
        """
        ...

    async def cancel(self, report_id: str) -> ReportStatus:
        """
        @raise NoSuchReportError: there is none.
        @raise TransitionError: it has left.
        """
        ...


class Gate(Protocol):
    """What the operator opens and closes."""

    async def stopped(self) -> Stop: ...

    async def stop(self) -> Stop: ...

    async def start(self) -> Stop: ...

    async def approve(self, which: str) -> Answered:
        """@raise NoSuchReportError: neither a report's id nor an address."""
        ...

    async def reject(self, which: str) -> Answered:
        """
        @raise NoSuchReportError: neither a report's id nor an address.
        @raise TransitionError: nothing is held for this desk.
        """
        ...


class Answers(Protocol):
    """What desks wrote back."""

    async def of(self, report_id: str) -> tuple[DeskAnswer, ...]: ...


class Desks(Protocol):
    """What became of the reports to each desk."""

    async def list(self, limit: int) -> tuple[Desk, ...]:
        """The latest changed first."""
        ...

    async def revive(self, address: str) -> Desk:
        """@raise NoSuchDeskError: we never wrote there."""
        ...


class Incidents(Protocol):
    """Outbreaks of our own users."""

    async def list(
        self, limit: int, *, only_open: bool = False
    ) -> Sequence[Incident]: ...

    async def get(self, incident_id: str) -> Incident:
        """@raise NoSuchIncidentError: there is none."""
        ...

    async def close(self, incident_id: str, by: str) -> Incident:
        """@raise NoSuchIncidentError: there is none."""
        ...


@frozen
class Questions:
    """
    What an operator may ask about.

    @ivar who: the contacts for an address, a network or a host.
    @ivar explain: the story behind an id.
    @ivar mail: of a report; None if there is none, or no longer.
    @ivar listed: what the lists say of an address or a user.
    """

    who: Callable[[str], Awaitable[tuple[Answer, ...]]]
    explain: Callable[[str], Awaitable[Story]]
    mail: Callable[[str], Awaitable[bytes | None]]
    listed: Callable[[str], tuple[tuple[str, ListEntry], ...]]


@frozen
class Door:
    """
    @ivar offload: for large JSON.
    @ivar statuses: of all scanners, in the registry's order.
    @ivar readiness: why no mail should come now; empty: it may.
    @ivar metrics: all of them, as text.
    @ivar name: the listener's, in logs.
    @ivar spool_dir: for bodies above 1 MiB, in files without a name.
    """

    flow: Flow
    access: Access
    settings: HttpSettings
    clock: IReactorTime
    outbox: Outbox
    gate: Gate
    offload: Offload
    statuses: Callable[[], tuple[ScannerStatus, ...]]
    readiness: Callable[[], tuple[str, ...]]
    metrics: Callable[[], Awaitable[bytes]]
    questions: Questions
    answers: Answers
    desks: Desks
    incidents: Incidents
    name: str = "http"
    spool_dir: str | None = None
    log: Logger = field(factory=lambda: Logger("sc.listeners.http"))
