"""sc.flow: the verbs behind every door."""

from typing import Any

import pytest
from attrs import define, evolve
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.logger import Logger

from sc.flow import Outcome
from sc.model.decision import Action
from sc.model.envelope import Direction, Envelope
from sc.model.message import Message
from sc.model.report import ReportRequest
from sc.model.verdict import Findings, Known, ScannerResult, State, Symbol, Verdict
from tests.fakes.flow import CLEAN, SPAM, StubPolicy, stub_flow
from tests.fakes.metrics import values
from tests.unit.scan.scanners import Kept


def message(*recipients: str, user: str | None = None) -> Message:
    return Message("id-1", Envelope(recipients=recipients, user=user), b"A: 1\r\n\r\n")


async def test_a_decision_for_each_recipient() -> None:
    """Each recipient has its own answer, in the order of the envelope."""
    flow = stub_flow(CLEAN, by_recipient={"b@x.example": SPAM})
    outcome = await flow.scan(message("a@x.example", "b@x.example"))
    assert [d.decision.action for d in outcome.decisions] == [
        Action.NO_ACTION,
        Action.REJECT,
    ]
    assert outcome.decision is SPAM


async def test_one_decision_a_profile() -> None:
    """A thousand recipients under one policy are decided about once."""
    flow = stub_flow(CLEAN)
    outcome = await flow.scan(message(*(f"{n}@x.example" for n in range(1000))))
    assert len(outcome.decisions) == 1000
    assert {id(d.decision) for d in outcome.decisions} == {id(CLEAN)}
    assert flow.policy.decided == 1


async def test_no_recipient_is_one_decision() -> None:
    """A caller that names no recipient gets one answer."""
    outcome = await stub_flow(SPAM).scan(message())
    assert [d.recipient for d in outcome.decisions] == [None]


async def test_direction_and_time() -> None:
    """The outcome says which way the mail went, and how long the look took."""
    clock = Clock()
    flow = stub_flow(clock=clock, delay=2.5)
    waiting = Deferred.fromCoroutine(flow.scan(message(user="joe")))
    clock.advance(2.5)
    outcome = await waiting
    assert outcome.direction is Direction.OUTBOUND
    assert outcome.seconds == 2.5


async def test_our_own_report_is_not_scanned() -> None:
    """A message that must not be judged by its content never meets a scanner."""
    flow = stub_flow(unscannable=lambda m: Verdict(m.id))
    await flow.scan(message())
    assert not flow.seen


async def test_scan_ends_with_its_last_waiter() -> None:
    """Nobody waits any more: the scanners are told to stop."""
    flow = stub_flow(delay=5.0)
    waiting = Deferred.fromCoroutine(flow.scan(message()))
    waiting.cancel()
    with pytest.raises(CancelledError):
        await waiting
    assert flow.pipeline.cancelled == 1


async def test_reload_does_not_change_a_scan_that_has_begun() -> None:
    """A scan ends under the policy it began with; the next one has the new."""
    clock = Clock()
    flow = stub_flow(CLEAN, clock=clock, delay=1.0)
    waiting = Deferred.fromCoroutine(flow.scan(message()))
    flow.policy = StubPolicy({None: SPAM})
    clock.advance(1.0)
    assert (await waiting).decision is CLEAN
    again = Deferred.fromCoroutine(flow.scan(message()))
    clock.advance(1.0)
    assert (await again).decision is SPAM


async def test_reports_are_passed_on() -> None:
    """Both ways to report reach the reporter with the request as it was made."""
    flow, request = stub_flow(), ReportRequest(send=True, caller="test")
    outcome = await flow.report(message(), request)
    await flow.accept_report(message(), request)
    assert outcome.message_id == "id-1"
    assert flow.reporting.reported == [(message(), request)]
    assert flow.reporting.accepted == [(message(), request)]


@define
class Knowing:
    """
    Says one thing before the scan and before the answer.

    @ivar known: what `look` returns, or raises.
    """

    known: object
    name: str = "lists"
    looked: int = 0

    async def look(self, _message: object, _direction: object = None) -> Any:
        self.looked += 1
        if isinstance(self.known, Exception):
            raise self.known
        return self.known


RESULT = ScannerResult("lists", State.DONE, Findings((Symbol("SC_DENIED"),)))


async def test_what_is_known_joins_the_verdict() -> None:
    """Lists and limits stand in the verdict beside the scanners."""
    flow = stub_flow()
    flow.before_scan = (Knowing(None), Knowing(Known(RESULT)))
    outcome = await flow.scan(message())
    assert [r.scanner for r in outcome.verdict.results] == ["stub", "lists"]


async def test_a_settled_message_is_not_scanned() -> None:
    """What is refused or let through in any case costs no scanner anything."""
    flow, spared = stub_flow(), Knowing(None)
    flow.before_scan = (Knowing(Known(RESULT, settled=True)), spared)
    outcome = await flow.scan(message())
    states = [(r.scanner, r.state) for r in outcome.verdict.results]
    assert states == [("stub", State.SKIPPED), (RESULT.scanner, State.DONE)]
    assert (len(flow.seen), spared.looked) == (0, 0)


async def test_the_last_word_is_decided_about() -> None:
    """Who knows the decision may add to the verdict; then policy decides again."""
    flow = stub_flow()
    flow.before_answer = (Knowing(None), Knowing(RESULT))
    outcome = await flow.scan(message())
    assert outcome.verdict.results[-1] is RESULT
    assert flow.policy.decided == 2


async def test_broken_memory_is_an_error_result() -> None:
    """A bug in the lists loses no message, and the verdict says so."""
    flow, logs = stub_flow(), Kept()
    flow._log = Logger(observer=logs)
    flow.before_scan = flow.before_answer = (Knowing(KeyError("bug")),)
    errors = (await flow.scan(message())).verdict.errors
    assert errors == {"lists": "internal error"}
    assert len(logs) == 2


async def test_a_client_that_leaves_ends_the_last_word() -> None:
    """Cancelled while somebody is asked: nothing is answered."""
    flow, waiting = stub_flow(), Deferred[None]()

    class Slow:
        name = "greylist"

        async def look(self, _outcome: Outcome) -> None:
            await waiting

    flow.before_answer = (Slow(),)
    scan = Deferred.fromCoroutine(flow.scan(message()))
    scan.cancel()
    with pytest.raises(CancelledError):
        await scan


async def test_counted() -> None:
    """Each scan is in the metrics, as its line in the log tells it."""
    flow = stub_flow(SPAM)
    await flow.scan(message())
    counted = values(flow.metrics, "sc_scans_total")
    assert counted == {("reject", "inbound", "", "spam"): 1.0}


async def test_observing() -> None:
    """A door that only observes answers `no action`; log and metrics get the truth."""
    told: list[Outcome] = []
    flow = stub_flow(SPAM)
    flow.observing, flow.after_scan = frozenset({"watching"}), told.append
    it = evolve(message("a@x.example"), listener="watching")
    decision = (await flow.scan(it)).decision
    assert (decision.action, decision.would) == (Action.NO_ACTION, Action.REJECT)
    assert decision.score < decision.add_header_at
    assert [f.name for f in decision.fields] == ["X-SC-Id"]
    assert (told[0].decision, told[0].observed) == (SPAM, True)
    assert (await flow.scan(message())).decision is SPAM
