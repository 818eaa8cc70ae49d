"""Holds, stops, rates and digests in any order: no flood, and nothing gets lost."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from sc.model.report import ReportState as S
from sc.outbox.rules import DAY, HOUR, RateLimits, Rules
from sc.outbox.states import TransitionError
from tests.fakes.outbox import Bench, incident
from tests.fuzz.test_outbox import now

DESKS = st.sampled_from(["abuse@a.example", "abuse@b.example"])
SOURCES = st.sampled_from(["192.0.2.1", "192.0.2.2"])
LIMITS = RateLimits(contact_hour=2, contact_day=5, hour=3, day=6)


class GateMachine(RuleBasedStateMachine):
    """
    @ivar left: when a mail left, and for whom.
    @ivar told: incidents that the mails which left stand for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.bench = Bench.make(Path(self.folder.name) / "store.db")
        self.bench.gate.adopt(Rules(LIMITS))
        self.added = self.told = 0
        self.left: list[tuple[float, str]] = []
        self.stopped = False

    def teardown(self) -> None:
        """Once everything may leave, every incident that was not refused is told."""
        self.switch(stop=False)
        self.hold(hold=False)
        for desk in ("abuse@a.example", "abuse@b.example"):
            now(self.bench.gate.approve(desk))
        for _ in range(24 * 7):
            self.send(answer=S.SENT)
            self.bench.clock.advance(HOUR)
        entries = now(self.bench.outbox.list(limit=1000))
        refused = sum(entry.state is S.CANCELLED for entry in entries)
        assert {entry.state for entry in entries} <= {S.SENT, S.CANCELLED}
        assert self.told == self.added - refused
        now(self.bench.store.close())
        self.folder.cleanup()

    @rule(desk=DESKS, source=SOURCES)
    def add(self, desk: str, source: str) -> None:
        self.added += 1
        now(self.bench.outbox.add(incident(self.added, source, desk)))

    @rule(answer=st.sampled_from([S.SENT, S.DEFERRED]))
    def send(self, answer: S) -> None:
        for entry in now(self.bench.outbox.claim(10)):
            assert not self.stopped
            if not now(self.bench.outbox.admit(entry.id)):
                continue
            now(self.bench.outbox.begin(entry.id))
            mail = now(self.bench.outbox.mail(entry.id))
            now(self.bench.outbox.end(entry.id, answer, ""))
            if answer is S.SENT:
                self._leaves(entry.contact, mail or b"")

    @rule(stop=st.booleans())
    def switch(self, stop: bool) -> None:
        now(self.bench.gate.stop() if stop else self.bench.gate.start())
        self.stopped = stop

    @rule(hold=st.booleans())
    def hold(self, hold: bool) -> None:
        self.bench.gate.adopt(Rules(LIMITS, hold_new_desks=hold))

    @rule(desk=DESKS, approve=st.booleans())
    def answer(self, desk: str, approve: bool) -> None:
        try:
            gate = self.bench.gate
            now(gate.approve(desk) if approve else gate.reject(desk))
        except TransitionError:
            assert not approve

    @rule(hours=st.sampled_from([0.01, 0.5, 1.0, 25.0]))
    def time_goes(self, hours: float) -> None:
        self.bench.clock.advance(hours * HOUR)

    def _leaves(self, desk: str, mail: bytes) -> None:
        first = mail.split(b"\r\n")[0].split()
        self.told += int(first[1]) if len(first) == 2 and first[1].isdigit() else 1
        time = self.bench.clock.seconds()
        self.left.append((time, desk))
        for whose, hour, day in (
            (desk, LIMITS.contact_hour, LIMITS.contact_day),
            ("", LIMITS.hour, LIMITS.day),
        ):
            mine = [at for at, to in self.left if whose in ("", to)]
            assert sum(at > time - HOUR for at in mine) <= hour
            assert sum(at > time - DAY for at in mine) <= day


TestGate = GateMachine.TestCase
TestGate.settings = settings(stateful_step_count=20, max_examples=20, deadline=None)
