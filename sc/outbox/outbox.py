"""The durable queue of what we send: what is in it is on the disk, and sent once."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from attrs import evolve
from twisted.internet.interfaces import IReactorTime

from sc.maillog import MailLog
from sc.model.report import ReportState, ReportStatus
from sc.outbox import admission, desks, digests, rates, stop, table
from sc.outbox.bell import Bell
from sc.outbox.entry import Entry, NewReport
from sc.outbox.rules import Rules
from sc.outbox.settings import DAY, LONGEST_CLAIM, TAKEOVER, OutboxSettings
from sc.outbox.states import WAITING, TransitionError
from sc.outbox.stop import Stop
from sc.store.interface import Cursor, Store

MAX_LISTED = 1000

MAX_AFTER = DAY
"""Seconds for which whoever takes a report may have us wait: quotas are by the day."""

POLL = 1.0
"""Seconds between two looks at a report that another node may send."""
_STAYED = (ReportState.DEFERRED, ReportState.FAILED)
"""An attempt that ended so sent nothing: it does not count."""
Settled: TypeAlias = Callable[[Cursor, Entry], None]
"""Told of a report that was sent, or that bounced, in the same transaction."""


def _may_go_now(known: Entry, report: NewReport) -> bool:
    """What kept the same report back holds no longer."""
    return known.state is ReportState.SUPPRESSED and not report.suppressed


def _nobody(_cursor: Cursor, _entry: Entry) -> None:
    pass


class Outbox:
    """
    @ivar settings: also the sender's.
    @ivar rules: how much may leave, and when; a reload replaces them.
    @ivar work: rings when something may be due.
    @ivar settled: what else is to be written down; set it before anything is sent.

    Several nodes may share the store: each sends what it has claimed, and `node` tells
    them apart.

    `clock` must tell seconds since 1970, as the reactor does: rows outlive it.
    """

    def __init__(
        self,
        store: Store,
        clock: IReactorTime,
        new_id: Callable[[], str],
        settings: OutboxSettings,
        maillog: MailLog,
        node: str = "",
    ) -> None:
        self.settled: Settled = _nobody
        self._store = store
        self._node = node
        self._clock = clock
        self._new_id = new_id
        self._maillog = maillog
        self.settings = settings
        self.rules = Rules()
        self.work = Bell(clock)
        self._changes = Bell(clock)

    async def add(self, report: NewReport) -> ReportStatus:
        """
        Return when it is committed; the report that is there already if it repeats.

        @raise StoreError: it was not taken.
        """
        report = evolve(report, id=report.id or self._new_id())
        now = self._clock.seconds()
        since, rules = now - self.settings.suppress_days * DAY, self.rules

        def work(cursor: Cursor) -> tuple[Entry, bool, Stop]:
            stopped = stop.read(cursor, rules.stopped)
            known = table.find_duplicate(cursor, report.key, since)
            if known is not None and not _may_go_now(known, report):
                return known, True, stopped
            if report.suppressed:
                return table.suppress(cursor, report, now), False, stopped
            return admission.take_in(cursor, report, now, rules), False, stopped

        entry, duplicate, stopped = await self._store.transact(work)
        if not duplicate:
            self.tell(entry)
            self.work.ring()
        return _status(entry, stopped, duplicate=duplicate)

    def announce(self, entries: Sequence[Entry]) -> None:
        """What was enlisted is committed."""
        for entry in entries:
            self.tell(entry)
        self.work.ring()

    async def get(self, report_id: str) -> Entry:
        """
        @raise NoSuchReportError: there is none.
        """
        return await self._store.transact(partial(table.read, report_id=report_id))

    async def list(
        self, state: ReportState | None = None, limit: int = 100
    ) -> tuple[Entry, ...]:
        """The latest first; at most `MAX_LISTED`."""
        states = tuple(ReportState) if state is None else (state,)
        limit = max(0, min(limit, MAX_LISTED))
        return await self._store.transact(
            partial(table.select, states=states, limit=limit)
        )

    async def census(self) -> table.Census:
        """How full it is, and how long the oldest report waits."""
        now = self._clock.seconds()
        return await self._store.transact(partial(table.census, now=now))

    async def retry(self, report_id: str) -> ReportStatus:
        """
        Send it once more, with the same Message-ID, whatever became of it.

        @raise NoSuchReportError: there is none.
        @raise TransitionError: it is on its way, was sent, or its mail is deleted.
        """
        now = self._clock.seconds()

        def work(cursor: Cursor) -> Entry:
            old = table.read(cursor, report_id)
            digests.refuse_carried(old)
            if table.read_mail(cursor, report_id) is None:
                raise TransitionError("its mail has been deleted")
            new = evolve(old, state=ReportState.QUEUED, reason="", attempts=0)
            new = evolve(new, queued=now, changed=now, next_attempt=now, claimed=None)
            return table.move(cursor, old, new)

        entry = await self._change(work)
        self.work.ring()
        return entry.status()

    async def cancel(self, report_id: str) -> ReportStatus:
        """
        Never send it, unless somebody says retry.

        @raise NoSuchReportError: there is none.
        @raise TransitionError: it is on its way, or has left.
        """
        now = self._clock.seconds()
        reason = "by the operator"

        def work(cursor: Cursor) -> Entry:
            old = table.read(cursor, report_id)
            digests.refuse_carried(old)
            new = evolve(old, state=ReportState.CANCELLED, reason=reason, changed=now)
            new = evolve(new, next_attempt=None, claimed=None)
            return table.move(cursor, old, new)

        return (await self._change(work)).status()

    async def wait(
        self, report_ids: Sequence[str], timeout: float
    ) -> tuple[ReportStatus, ...]:
        """
        Where they stand when none is under way any more, or after `timeout` seconds.

        A deferred or uncertain report is not waited for, nor one that is held or
        whose turn comes later: that takes minutes, or a person.
        """

        def work(cursor: Cursor) -> tuple[tuple[Entry, ...], Stop]:
            entries = tuple(table.read(cursor, report_id) for report_id in report_ids)
            return entries, stop.read(cursor, self.rules.stopped)

        deadline = self._clock.seconds() + timeout
        while True:
            rings = self._changes.rings
            entries, stopped = await self._store.transact(work)
            left = deadline - self._clock.seconds()
            settled = stopped.reason or not any(x.is_moving(deadline) for x in entries)
            if left <= 0 or settled:
                return tuple(_status(entry, stopped) for entry in entries)
            # Another node's change rings no bell here.
            await self._changes.heard(rings, min(left, POLL))

    async def claim(self, limit: int) -> tuple[Entry, ...]:
        """
        What the sender shall try now, the longest waiting first, with what it has
        claimed and not ended. No other node tries it meanwhile.
        """
        now = self._clock.seconds()
        horizon = now + max(rates.LONGEST, MAX_AFTER, *self.settings.retry_delays)
        rules = self.rules

        def work(cursor: Cursor) -> tuple[Entry, ...]:
            if stop.read(cursor, rules.stopped).reason:
                return ()
            return table.claim(cursor, self._node, now, horizon, limit)

        return await self._store.transact(work)

    async def next_due(self) -> float | None:
        """Seconds until something more is due; None: nothing waits."""
        now = self._clock.seconds()
        due = await self._store.transact(partial(table.next_due, now=now))
        return None if due is None else due - now

    async def mail(self, report_id: str) -> bytes | None:
        """The whole mail; None once it has been deleted."""
        return await self._store.transact(partial(table.read_mail, report_id=report_id))

    async def admit(self, report_id: str) -> bool:
        """
        Whether an attempt may be made now: its turn has come, and it is counted.

        @raise TransitionError: sending is stopped.
        @raise StoreError: not written down: there must be no attempt.
        """
        now, rules = self._clock.seconds(), self.rules
        entry = await self._store.transact(
            partial(admission.admit, report_id=report_id, now=now, rules=rules)
        )
        if entry.admitted is None:
            self.tell(entry)
        return entry.admitted is not None

    async def begin(self, report_id: str) -> None:
        """
        Write down that the final dot comes now.

        @raise TransitionError: cancelled meanwhile, under way elsewhere, or stopped.
        @raise StoreError: not written down: the dot must not be sent.
        """
        now, rules = self._clock.seconds(), self.rules

        def work(cursor: Cursor) -> Entry:
            admission.refuse_while_stopped(cursor, rules)
            old = table.read(cursor, report_id)
            self._check_ours(old, now)
            new = evolve(old, state=ReportState.SENDING, reason="", changed=now)
            new = evolve(new, next_attempt=None, node=self._node, claimed=None)
            return table.move(cursor, old, new)

        await self._change(work)

    async def end(
        self, report_id: str, state: ReportState, reason: str, after: float = 0.0
    ) -> None:
        """
        Write down how an attempt ended. A deferred report that has no time left has
        failed.

        @param after: seconds before which a deferred one is not wanted again.
        @raise TransitionError: cancelled meanwhile, or under way elsewhere.
        @raise StoreError: not written down.
        """
        now = self._clock.seconds()

        def work(cursor: Cursor) -> Entry:
            old = table.read(cursor, report_id)
            self._check_ours(old, now)
            if old.state is state and state not in WAITING:
                return old  # written down before; only the store's answer got lost
            new = evolve(
                old,
                state=state,
                reason=reason,
                attempts=old.attempts + 1,
                changed=now,
                next_attempt=None,
                claimed=None,
                admitted=None if state in _STAYED else old.admitted,
            )
            if state is ReportState.DEFERRED:
                new = self._later(new, after)
            moved = table.move(cursor, old, new)
            if state is ReportState.SENT and not old.is_notice:
                desks.add(cursor, old.contact, now)
                self.settled(cursor, moved)
            return moved

        await self._change(work)

    async def bounced(
        self, report_id: str, reason: str, also: Settled | None = None
    ) -> None:
        """
        The relay had taken it, and then a host gave it back.

        @param also: what else that means for its desk.
        @raise NoSuchReportError: there is none.
        @raise TransitionError: it bounced before, or has not been sent.
        @raise StoreError: not written down.
        """
        now = self._clock.seconds()

        def work(cursor: Cursor) -> Entry:
            old = table.read(cursor, report_id)
            new = evolve(old, state=ReportState.BOUNCED, reason=reason, changed=now)
            moved = table.move(cursor, old, new)
            self.settled(cursor, moved)
            if also is not None:
                also(cursor, moved)
            return moved

        await self._change(work)

    async def recover(self) -> None:
        """
        After a crash: what was on its way may have arrived, so a person decides.

        Call it before anything is sent.
        """
        now = self._clock.seconds()

        def work(cursor: Cursor) -> tuple[Entry, ...]:
            lost = table.on_their_way(cursor, self._node)
            return tuple(table.move(cursor, old, _in_doubt(old, now)) for old in lost)

        for entry in await self._store.transact(work):
            self.tell(entry)

    async def purge(self) -> None:
        """
        Delete the mails and the rows whose time is over; what a node that is gone had
        on its way is uncertain.
        """
        now = self._clock.seconds()
        mails_before = now - self.settings.body_days * DAY
        rows_before = now - self.settings.row_days * DAY

        def work(cursor: Cursor) -> tuple[Entry, ...]:
            table.pull_back(cursor, now)
            table.purge(cursor, mails_before, rows_before)
            expired = table.expire_uncertain(cursor, rows_before, now)
            lost = table.abandoned(cursor, self._node, now - TAKEOVER)
            moved = [table.move(cursor, old, _in_doubt(old, now)) for old in lost]
            return (*expired, *moved)

        for entry in await self._store.transact(work):
            self.tell(entry)

    def _later(self, entry: Entry, after: float) -> Entry:
        delay = max(self.settings.delay(entry.attempts), min(after, MAX_AFTER))
        next_attempt = entry.changed + delay
        if next_attempt > entry.queued + self.settings.max_age:
            reason = f"given up after {entry.attempts} attempts: {entry.reason}"
            return evolve(entry, state=ReportState.FAILED, reason=reason)
        return evolve(entry, next_attempt=next_attempt)

    def _check_ours(self, entry: Entry, now: float) -> None:
        """
        @raise TransitionError: another node has it.
        """
        until = entry.claimed
        claimed = until is not None and now < until <= now + LONGEST_CLAIM
        held = claimed or entry.state is ReportState.SENDING
        if held and entry.node not in ("", self._node):
            raise TransitionError(f"node {entry.node} has it")

    async def _change(self, work: Callable[[Cursor], Entry]) -> Entry:
        entry = await self._store.transact(work)
        self.tell(entry)
        return entry

    def tell(self, entry: Entry) -> None:
        """One line in the log, and a word to whoever waits."""
        self._maillog.reported(entry.message_id, entry.status(), entry.evidence)
        self._changes.ring()


def _in_doubt(entry: Entry, now: float) -> Entry:
    """The relay may have it, and nobody who could know is there any more."""
    reason = "the daemon stopped before the relay answered"
    new = evolve(entry, state=ReportState.UNCERTAIN, reason=reason, changed=now)
    return evolve(new, next_attempt=None, claimed=None)


def _status(entry: Entry, stopped: Stop, *, duplicate: bool = False) -> ReportStatus:
    """Where it stands, and, while nothing leaves, why it does not move."""
    status = entry.status(duplicate=duplicate)
    if stopped.reason and entry.state in WAITING:
        return evolve(status, reason=f"sending is {stopped.reason}")
    return status
