"""The three verbs behind every door: scan, report, learn."""

from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from typing import Protocol, TypeVar

from attrs import define, evolve, field
from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from sc.maillog import MailLog
from sc.metrics import Metrics
from sc.model.choice import Choice
from sc.model.decision import Decision, RecipientDecision
from sc.model.envelope import Direction, Envelope
from sc.model.message import Message
from sc.model.outcome import Outcome
from sc.model.report import (
    KeyReusedError,
    ReportOutcome,
    ReportRequest,
    SendingNotConfiguredError,
)
from sc.model.verdict import Known, ScannerResult, State, Verdict
from sc.scan.observed import observed

T = TypeVar("T")

__all__ = [
    "BeforeAnswer",
    "BeforeScan",
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


class Pipeline(Protocol):
    def choose(
        self, listener: str, direction: Direction, wanted: frozenset[str] | None
    ) -> Choice:
        """Which scanners look; `wanted` are those that the client asks for."""
        ...

    async def scan(self, message: Message, choice: Choice) -> Verdict:
        """Those chosen; never raises for a scanner that failed."""
        ...

    def spared(self, by: str) -> tuple[ScannerResult, ...]:
        """In place of a scan: every scanner was skipped."""
        ...


class Policy(Protocol):
    def direction(self, envelope: Envelope) -> Direction: ...

    def profile(self, envelope: Envelope, recipient: str | None) -> Hashable:
        """Recipients of one profile get one decision about a message."""
        ...

    def decide(
        self, verdict: Verdict, envelope: Envelope, recipient: str | None
    ) -> Decision: ...


class BeforeScan(Protocol):
    """Knows something of a message that no scanner can: lists, limits."""

    @property
    def name(self) -> str:
        """Of its results, beside those of the scanners."""
        ...

    async def look(self, message: Message, direction: Direction) -> Known | None:
        """None: nothing to say. Policy has an action for each symbol."""
        ...


class BeforeAnswer(Protocol):
    """Has a last word where it knows what would be answered: the greylister."""

    @property
    def name(self) -> str: ...

    async def look(self, outcome: Outcome) -> ScannerResult | None:
        """With a result policy decides anew; None: the decisions stand."""
        ...


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
    @ivar before_scan: asked one after the other; the first that settles a message
        spares all others, and the scanners.
    @ivar listed: recipients who differ in it may differ in what lists say of them.
    @ivar before_answer: asked one after the other when there are decisions.
    @ivar after_scan: told of each outcome; the answer does not wait for it.
    @ivar observing: listeners that only observe.
    """

    _log = Logger()

    clock: IReactorTime
    new_id: Callable[[], str]
    pipeline: Pipeline
    policy: Policy
    reporting: Reporting
    maillog: MailLog
    metrics: Metrics = field(factory=Metrics)
    unscannable: Callable[[Message], Verdict | None] = lambda _message: None
    before_scan: Sequence[BeforeScan] = ()
    listed: Callable[[str], Hashable] = lambda _recipient: None
    before_answer: Sequence[BeforeAnswer] = ()
    after_scan: Callable[[Outcome], None] = lambda _outcome: None
    observing: frozenset[str] = frozenset()

    async def scan(
        self, message: Message, wanted: frozenset[str] | None = None
    ) -> Outcome:
        """
        Ends with its last waiter: cancelling the Deferred stops the scanners.

        @param wanted: the scanners that the client asks for; None: all of its door.
        """
        started, policy, last = self.clock.seconds(), self.policy, self.before_answer
        verdict = self.unscannable(message) or await self._verdict(message, wanted)
        outcome = self._outcome(policy, message, verdict, started)
        for asked in last:
            result = await self._asked(asked.name, asked.look(outcome), message)
            if result is not None:
                verdict = evolve(verdict, results=(*verdict.results, result))
                outcome = self._outcome(policy, message, verdict, started)
        self._tell(outcome)
        self.after_scan(outcome)
        return _observed(outcome) if outcome.observed else outcome

    async def _verdict(
        self, message: Message, wanted: frozenset[str] | None
    ) -> Verdict:
        """What is known already, and, unless that settles it, what scanners find."""
        pipeline, direction = self.pipeline, self.policy.direction(message.envelope)
        results: list[ScannerResult] = []
        for asked in self.before_scan:
            look = asked.look(message, direction)
            known = await self._asked(asked.name, look, message)
            if isinstance(known, Known):
                results.append(known.result)
                if known.settled:
                    spared = pipeline.spared(asked.name)
                    return Verdict(message.id, (*spared, *results))
            elif known is not None:
                results.append(known)
        choice = pipeline.choose(message.listener, direction, wanted)
        verdict = await pipeline.scan(message, choice)
        return evolve(verdict, results=(*verdict.results, *results))

    async def _asked(
        self, name: str, look: Awaitable[T | None], message: Message
    ) -> T | ScannerResult | None:
        """A bug in one of them is an error in the verdict, and loses no message."""
        try:
            return await look
        except CancelledError:
            raise
        except Exception:  # noqa: BLE001
            self._log.failure("{name} broke on {id}", name=name, id=message.id)
            return ScannerResult(name, State.ERROR, error="internal error")

    def _outcome(
        self, policy: Policy, message: Message, verdict: Verdict, started: float
    ) -> Outcome:
        envelope = message.envelope
        return Outcome(
            message,
            policy.direction(envelope),
            verdict,
            tuple(_decided(policy, verdict, envelope)),
            self.clock.seconds() - started,
            observed=message.listener in self.observing,
        )

    def _tell(self, outcome: Outcome) -> None:
        """One line in the log, and the same words in the metrics."""
        message, verdict = outcome.message, outcome.verdict
        direction, seconds = outcome.direction.value, outcome.seconds
        self.maillog.scanned(
            message,
            direction,
            verdict,
            outcome.decisions,
            seconds,
            observed=outcome.observed,
        )
        looked = () if verdict.reused else verdict.results
        self.metrics.scanned(
            message.listener, direction, outcome.decision, looked, seconds
        )

    def profile(self, envelope: Envelope, recipient: str) -> Hashable:
        """Doors with one reply take only recipients of one profile at a time."""
        return self.policy.profile(envelope, recipient), self.listed(recipient)

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
    personal = verdict.personal
    for recipient in envelope.recipients or (None,):
        of_others = tuple(s for s in personal if recipient not in (s.recipients or ()))
        profile = policy.profile(envelope, recipient), of_others
        if profile not in known:
            own = verdict.without(of_others)
            known[profile] = policy.decide(own, envelope, recipient)
        yield RecipientDecision(recipient, known[profile])


def _observed(outcome: Outcome) -> Outcome:
    return evolve(
        outcome,
        decisions=tuple(
            evolve(one, decision=observed(one.decision, outcome.message.id))
            for one in outcome.decisions
        ),
    )
