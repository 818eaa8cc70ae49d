"""The three verbs behind every door: scan, report, learn."""

from collections.abc import Callable, Hashable, Iterator
from typing import Protocol

from attrs import define, frozen
from twisted.internet.interfaces import IReactorTime

from sc.maillog import MailLog
from sc.model.decision import Decision, RecipientDecision
from sc.model.envelope import Direction, Envelope
from sc.model.message import Message
from sc.model.report import (
    KeyReusedError,
    ReportOutcome,
    ReportRequest,
    SendingNotConfiguredError,
)
from sc.model.verdict import Verdict

__all__ = [
    "Flow",
    "KeyReusedError",
    "Outcome",
    "OverloadedError",
    "Pipeline",
    "Policy",
    "Reporting",
    "SendingNotConfiguredError",
]


class OverloadedError(Exception):
    """No room for this message now; the client should come back."""


@frozen
class Outcome:
    """
    @ivar decisions: one for each recipient of the envelope, in its order; one
        with recipient None if the envelope names none.
    """

    message: Message
    direction: Direction
    verdict: Verdict
    decisions: tuple[RecipientDecision, ...]
    seconds: float

    @property
    def decision(self) -> Decision:
        """The answer at doors that can give only one: the most severe."""
        return max(
            (d.decision for d in self.decisions), key=lambda d: d.action.severity
        )


class Pipeline(Protocol):
    async def scan(self, message: Message) -> Verdict:
        """All scanners; never raises for a scanner that failed."""
        ...


class Policy(Protocol):
    def direction(self, envelope: Envelope) -> Direction: ...

    def profile(self, recipient: str | None) -> Hashable:
        """Recipients of one profile get one decision about a message."""
        ...

    def decide(
        self, verdict: Verdict, envelope: Envelope, recipient: str | None
    ) -> Decision: ...


class Reporting(Protocol):
    async def report(self, message: Message, request: ReportRequest) -> ReportOutcome:
        """
        Find evidence and contacts; send if asked.

        @raise KeyReusedError: the request's key stands for another one.
        @raise SendingNotConfiguredError: asked to send, and cannot.
        """
        ...

    async def accept(self, message: Message, request: ReportRequest) -> None:
        """
        Return when message and request are committed; the rest happens later.

        @raise SendingNotConfiguredError: asked to send, and cannot.
        """
        ...


@define
class Flow:
    """
    What every listener calls. A reload replaces its parts; what has begun goes on
    with those that it began with.

    @ivar unscannable: a whole verdict for a message that must not be scanned for
        content (our own report on its way out), or None.
    @ivar after_scan: told of each outcome; the answer does not wait for it.
    """

    clock: IReactorTime
    new_id: Callable[[], str]
    pipeline: Pipeline
    policy: Policy
    reporting: Reporting
    maillog: MailLog
    unscannable: Callable[[Message], Verdict | None] = lambda _message: None
    after_scan: Callable[[Outcome], None] = lambda _outcome: None

    async def scan(self, message: Message) -> Outcome:
        """Ends with its last waiter: cancelling the Deferred stops the scanners."""
        started, policy = self.clock.seconds(), self.policy
        verdict = self.unscannable(message) or await self.pipeline.scan(message)
        envelope = message.envelope
        decisions = tuple(_decided(policy, verdict, envelope))
        seconds = self.clock.seconds() - started
        direction = policy.direction(envelope)
        self.maillog.scanned(message, direction.value, verdict, decisions, seconds)
        outcome = Outcome(message, direction, verdict, decisions, seconds)
        self.after_scan(outcome)
        return outcome

    async def report(self, message: Message, request: ReportRequest) -> ReportOutcome:
        """
        Never cancelled once begun: listeners shield it from a client that leaves.

        @raise SendingNotConfiguredError: asked to send, and cannot.
        """
        return await self.reporting.report(message, request)

    async def accept_report(self, message: Message, request: ReportRequest) -> None:
        """Take a report for later; returns when it is committed."""
        await self.reporting.accept(message, request)


def _decided(
    policy: Policy, verdict: Verdict, envelope: Envelope
) -> Iterator[RecipientDecision]:
    """In the order of the envelope; a thousand recipients are mostly one profile."""
    known: dict[Hashable, Decision] = {}
    for recipient in envelope.recipients or (None,):
        profile = policy.profile(recipient)
        if profile not in known:
            known[profile] = policy.decide(verdict, envelope, recipient)
        yield RecipientDecision(recipient, known[profile])
