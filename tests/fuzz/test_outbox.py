"""The outbox under any order of work, operators, crashes and time."""

import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from twisted.internet.defer import Deferred

from sc.model.report import ReportState as S
from sc.outbox.settings import DAY
from sc.outbox.states import TransitionError
from sc.outbox.table import NoSuchReportError
from tests.fakes.outbox import Bench, report

T = TypeVar("T")
KEYS = st.sampled_from(["a", "b", "c"])
NO = st.sampled_from([S.DEFERRED, S.FAILED])


def now(work: Coroutine[Any, Any, T]) -> T:
    """The result: there are no threads here, so everything ends at once."""
    results: list[Any] = []
    Deferred.fromCoroutine(work).addBoth(results.append)
    (result,) = results
    if hasattr(result, "raiseException"):
        result.raiseException()
    done: T = result
    return done


class OutboxMachine(RuleBasedStateMachine):
    """`maybe_taken`: the dot was sent, and the relay has not said no since."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.bench = Bench.make(Path(self.folder.name) / "store.db")
        self.ids: dict[str, str] = {}
        self.under_way: set[str] = set()
        self.maybe_taken: set[str] = set()
        self.crashes = 0

    def teardown(self) -> None:
        now(self.bench.store.close())
        self.folder.cleanup()

    @rule(key=KEYS)
    def add(self, key: str) -> None:
        status = now(self.bench.outbox.add(report(key)))
        assert status.duplicate == (self.ids.get(key) == status.id)
        self.ids[key] = status.id

    @rule()
    def begin_what_is_due(self) -> None:
        """The sender may take any due report to its dot: never one in doubt."""
        for entry in now(self.bench.outbox.claim(10)):
            assert entry.id not in self.maybe_taken
            if not now(self.bench.outbox.admit(entry.id)):
                continue
            now(self.bench.outbox.begin(entry.id))
            self.under_way.add(entry.id)
            self.maybe_taken.add(entry.id)

    @rule(state=NO)
    def refused(self, state: S) -> None:
        for report_id in self.under_way:
            now(self.bench.outbox.end(report_id, state, "no"))
            self.maybe_taken.discard(report_id)
        self.under_way.clear()

    @rule(state=st.sampled_from([S.SENT, S.UNCERTAIN]))
    def taken_or_silent(self, state: S) -> None:
        for report_id in self.under_way:
            now(self.bench.outbox.end(report_id, state, ""))
        self.under_way.clear()

    @rule(key=KEYS)
    def cancel(self, key: str) -> None:
        try:
            now(self.bench.outbox.cancel(self.ids.get(key, "none")))
        except (TransitionError, NoSuchReportError):
            return
        assert self.ids[key] not in self.under_way

    @rule(key=KEYS)
    def retry(self, key: str) -> None:
        """An operator takes the doubt upon himself; a success is never repeated."""
        report_id = self.ids.get(key, "none")
        try:
            before = now(self.bench.outbox.get(report_id)).state
            now(self.bench.outbox.retry(report_id))
        except (TransitionError, NoSuchReportError):
            return
        assert before not in (S.SENT, S.SENDING, S.QUEUED)
        self.maybe_taken.discard(report_id)

    @rule(days=st.sampled_from([0.001, 0.1, 1.0, 8.0, 31.0]))
    def time_goes(self, days: float) -> None:
        self.bench.clock.advance(days * DAY)
        now(self.bench.outbox.purge())

    @rule()
    def crash(self) -> None:
        """The daemon dies and comes back; only the file is left."""
        clock = self.bench.clock.seconds()
        now(self.bench.store.close())
        self.crashes += 1
        self.bench = Bench.make(self.bench.place, prefix=f"c{self.crashes}-")
        self.bench.clock.advance(clock - self.bench.clock.seconds())
        now(self.bench.outbox.recover())
        self.under_way.clear()

    @invariant()
    def no_doubt_is_due(self) -> None:
        due = {entry.id for entry in now(self.bench.outbox.claim(10))}
        assert not due & self.maybe_taken


TestOutbox = OutboxMachine.TestCase
TestOutbox.settings = settings(stateful_step_count=30, deadline=None)
