"""A real `Flow` over a stub pipeline, policy and reporting that say what a test wants.

flow = stub_flow(decision=SPAM)
...
assert flow.seen[0].envelope.sender == "alice@example.org"
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import count

from attrs import define, field
from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock, deferLater

from sc.flow import Flow
from sc.maillog import MailLog
from sc.model.choice import EVERYBODY, Choice
from sc.model.decision import Action, Decision, Field, Reason, ScoredSymbol
from sc.model.envelope import Direction, Envelope
from sc.model.evidence import Evidence
from sc.model.message import Message
from sc.model.report import ReportOutcome, ReportRequest
from sc.model.verdict import Findings, ScannerResult, State, Symbol, Verdict

ADD_HEADER_AT, REJECT_AT = 6.0, 15.0

_SCORES = {
    Action.REJECT: 15.0,
    Action.SOFT_REJECT: 0.0,
    Action.QUARANTINE: 8.0,
    Action.REWRITE_SUBJECT: 7.0,
    Action.ADD_HEADER: 6.5,
    Action.GREYLIST: 4.0,
    Action.NO_ACTION: 1.2,
}


def decision_of(action: Action, *symbols: ScoredSymbol) -> Decision:
    """A decision as policy would make it, with a score that fits its action."""
    score = _SCORES[action]
    spam = action.severity >= Action.ADD_HEADER.severity
    reason = Reason.SPAM if spam else Reason.CLEAN
    return Decision(
        action=action,
        reason=Reason.UNSCANNED if action is Action.SOFT_REJECT else reason,
        sentence=f"message was judged as {action.value} (id-1)",
        score=score,
        add_header_at=ADD_HEADER_AT,
        reject_at=REJECT_AT,
        symbols=symbols or (ScoredSymbol("STUB", score, ("opt",), "A stub fact"),),
        fields=(
            Field("X-Spam", "yes" if spam else "no"),
            Field("X-Spam-Action", action.value),
            Field("X-SC-Id", "id-1"),
        ),
        subject="*** SPAM *** stub" if action is Action.REWRITE_SUBJECT else None,
    )


CLEAN = decision_of(Action.NO_ACTION)
SUSPICIOUS = decision_of(Action.ADD_HEADER)
SPAM = decision_of(Action.REJECT)


@define
class StubPipeline:
    """
    @ivar seen: every message, in the order of arrival.
    @ivar wanted: the scanners that each client asked for.
    @ivar cancelled: how many scans ended because nobody waited any more.
    """

    clock: IReactorTime
    delay: float | None
    error: BaseException | None
    results: tuple[ScannerResult, ...]
    seen: list[Message] = field(factory=list)
    wanted: list[frozenset[str] | None] = field(factory=list)
    cancelled: int = 0

    def choose(
        self, _listener: str, _direction: Direction, wanted: frozenset[str] | None
    ) -> Choice:
        self.wanted.append(wanted)
        return EVERYBODY

    async def scan(self, message: Message, choice: Choice) -> Verdict:
        self.seen.append(message)
        try:
            if self.delay is not None:
                await deferLater(self.clock, self.delay)
        except CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        return Verdict(message.id, self.results)

    def spared(self, by: str) -> tuple[ScannerResult, ...]:
        return tuple(
            ScannerResult(r.scanner, State.SKIPPED, reason=by) for r in self.results
        )


@define
class StubPolicy:
    """
    @ivar decisions: by recipient; `None` is everybody else.
    @ivar decided: how often it was asked.
    """

    decisions: dict[str | None, Decision]
    decided: int = 0

    def direction(self, envelope: Envelope) -> Direction:
        return Direction.OUTBOUND if envelope.user else Direction.INBOUND

    def profile(self, _envelope: Envelope, recipient: str | None) -> str | None:
        return recipient if recipient in self.decisions else None

    def decide(
        self, verdict: Verdict, envelope: Envelope, recipient: str | None
    ) -> Decision:
        self.decided += 1
        return self.decisions.get(recipient, self.decisions[None])


@define
class StubReporting:
    """
    @ivar reported: what `report` was asked, `accepted` what `accept` was.
    @ivar cancelled: must stay 0: a report is never cancelled once begun.
    """

    clock: IReactorTime
    delay: float | None
    error: BaseException | None
    outcome: ReportOutcome | None
    reported: list[tuple[Message, ReportRequest]] = field(factory=list)
    accepted: list[tuple[Message, ReportRequest]] = field(factory=list)
    cancelled: int = 0
    finished: int = 0

    async def report(self, message: Message, request: ReportRequest) -> ReportOutcome:
        self.reported.append((message, request))
        await self._work()
        return self.outcome or ReportOutcome(message.id, Evidence("0" * 64))

    async def accept(self, message: Message, request: ReportRequest) -> None:
        self.accepted.append((message, request))
        await self._work()

    async def _work(self) -> None:
        try:
            if self.delay is not None:
                await deferLater(self.clock, self.delay)
        except CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        self.finished += 1


class StubFlow(Flow):
    """A real flow whose stubs can be asked."""

    pipeline: StubPipeline
    policy: StubPolicy
    reporting: StubReporting

    @property
    def seen(self) -> Sequence[Message]:
        """The messages that were scanned."""
        return self.pipeline.seen


RESULT = ScannerResult(
    "stub", State.DONE, Findings((Symbol("STUB", 1.0, options=("opt",)),))
)


def stub_flow(
    decision: Decision = CLEAN,
    *,
    clock: IReactorTime | None = None,
    delay: float | None = None,
    error: BaseException | None = None,
    by_recipient: Mapping[str | None, Decision] | None = None,
    results: tuple[ScannerResult, ...] = (RESULT,),
    report: ReportOutcome | None = None,
    report_error: BaseException | None = None,
    new_id: Callable[[], str] | None = None,
    unscannable: Callable[[Message], Verdict | None] = lambda _message: None,
) -> StubFlow:
    """
    A flow that decides `decision`, after `delay` seconds of `clock` (None: at once).

    @param error: raised by every scan. `report_error`: by every report.
    @param new_id: ids are `id-1`, `id-2`, ... without it.
    """
    clock = clock or Clock()
    numbers = count(1)
    decisions: dict[str | None, Decision] = {None: decision}
    decisions.update(by_recipient or {})
    return StubFlow(
        clock=clock,
        new_id=new_id or (lambda: f"id-{next(numbers)}"),
        pipeline=StubPipeline(clock, delay, error, results),
        policy=StubPolicy(decisions),
        reporting=StubReporting(clock, delay, report_error, report),
        maillog=MailLog(),
        unscannable=unscannable,
    )
