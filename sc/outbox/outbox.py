"""The durable queue of what we send: what is in it is on the disk, and sent once."""

from collections.abc import Callable, Sequence
from functools import partial

from attrs import evolve
from twisted.internet.interfaces import IReactorTime

from sc.maillog import MailLog
from sc.model.report import ReportState, ReportStatus
from sc.outbox import table
from sc.outbox.bell import Bell
from sc.outbox.entry import Entry, NewReport
from sc.outbox.settings import DAY, OutboxSettings
from sc.outbox.states import UNDER_WAY, TransitionError
from sc.store.interface import Cursor, Store

MAX_LISTED = 1000


class Outbox:
    """
    @ivar settings: also the sender's.
    @ivar work: rings when something may be due.

    `clock` must tell seconds since 1970, as the reactor does: rows outlive it.
    """

    def __init__(
        self,
        store: Store,
        clock: IReactorTime,
        new_id: Callable[[], str],
        settings: OutboxSettings,
        maillog: MailLog,
    ) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._maillog = maillog
        self.settings = settings
        self.work = Bell(clock)
        self._changes = Bell(clock)

    async def add(self, report: NewReport) -> ReportStatus:
        """
        Return when it is committed; the report that is there already if it repeats.

        @raise StoreError: it was not taken.
        """
        report = evolve(report, id=report.id or self._new_id())
        now = self._clock.seconds()
        since = now - self.settings.suppress_days * DAY

        def work(cursor: Cursor) -> tuple[Entry, bool]:
            known = table.find_duplicate(cursor, report.key, since)
            if known is not None:
                return known, True
            return table.insert(cursor, report, now), False

        entry, duplicate = await self._store.transact(work)
        if not duplicate:
            self._tell(entry)
            self.work.ring()
        return entry.status(duplicate=duplicate)

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

    async def retry(self, report_id: str) -> ReportStatus:
        """
        Send it once more, with the same Message-ID, whatever became of it.

        @raise NoSuchReportError: there is none.
        @raise TransitionError: it is on its way, was sent, or its mail is deleted.
        """
        now = self._clock.seconds()

        def work(cursor: Cursor) -> Entry:
            old = table.read(cursor, report_id)
            if table.read_mail(cursor, report_id) is None:
                raise TransitionError("its mail has been deleted")
            new = evolve(old, state=ReportState.QUEUED, reason="", attempts=0)
            new = evolve(new, queued=now, changed=now, next_attempt=now)
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
        entry = await self._change(
            self._moving(report_id, ReportState.CANCELLED, "by the operator")
        )
        return entry.status()

    async def wait(
        self, report_ids: Sequence[str], timeout: float
    ) -> tuple[ReportStatus, ...]:
        """
        Where they stand when none is under way any more, or after `timeout` seconds.

        A deferred or uncertain report is not waited for: that takes minutes, or a
        person.
        """

        def work(cursor: Cursor) -> tuple[Entry, ...]:
            return tuple(table.read(cursor, report_id) for report_id in report_ids)

        deadline = self._clock.seconds() + timeout
        while True:
            rings = self._changes.rings
            entries = await self._store.transact(work)
            left = deadline - self._clock.seconds()
            if left <= 0 or not any(entry.state in UNDER_WAY for entry in entries):
                return tuple(entry.status() for entry in entries)
            await self._changes.heard(rings, left)

    async def due(self, limit: int) -> tuple[Entry, ...]:
        """What the sender shall try now, the longest waiting first."""
        now = self._clock.seconds()
        horizon = now + max(self.settings.retry_delays)
        return await self._store.transact(
            partial(table.due, now=now, horizon=horizon, limit=limit)
        )

    async def next_due(self) -> float | None:
        """Seconds until something more is due; None: nothing waits."""
        now = self._clock.seconds()
        due = await self._store.transact(partial(table.next_due, now=now))
        return None if due is None else due - now

    async def mail(self, report_id: str) -> bytes | None:
        """The whole mail; None once it has been deleted."""
        return await self._store.transact(partial(table.read_mail, report_id=report_id))

    async def begin(self, report_id: str) -> None:
        """
        Write down that the final dot comes now.

        @raise TransitionError: cancelled meanwhile, or under way elsewhere.
        @raise StoreError: not written down: the dot must not be sent.
        """
        await self._change(self._moving(report_id, ReportState.SENDING, ""))

    async def end(self, report_id: str, state: ReportState, reason: str) -> None:
        """
        Write down how an attempt ended. A deferred report that has no time left has
        failed.

        @raise TransitionError: cancelled meanwhile.
        @raise StoreError: not written down.
        """
        now = self._clock.seconds()

        def work(cursor: Cursor) -> Entry:
            old = table.read(cursor, report_id)
            new = evolve(
                old,
                state=state,
                reason=reason,
                attempts=old.attempts + 1,
                changed=now,
                next_attempt=None,
            )
            if state is ReportState.DEFERRED:
                new = self._later(new)
            return table.move(cursor, old, new)

        await self._change(work)

    async def recover(self) -> None:
        """
        After a crash: what was on its way may have arrived, so a person decides.

        Call it before anything is sent.
        """

        def work(cursor: Cursor) -> list[Entry]:
            lost = table.select(cursor, (ReportState.SENDING,), MAX_LISTED)
            reason = "the daemon stopped before the relay answered"
            moves = [
                self._moving(entry.id, ReportState.UNCERTAIN, reason) for entry in lost
            ]
            return [move(cursor) for move in moves]

        for entry in await self._store.transact(work):
            self._tell(entry)

    async def purge(self) -> None:
        """Delete the mails and the rows whose time is over."""
        now = self._clock.seconds()
        mails_before = now - self.settings.body_days * DAY
        rows_before = now - self.settings.row_days * DAY

        def work(cursor: Cursor) -> tuple[Entry, ...]:
            table.purge(cursor, mails_before, rows_before)
            return table.expire_uncertain(cursor, rows_before, now)

        for entry in await self._store.transact(work):
            self._tell(entry)

    def _later(self, entry: Entry) -> Entry:
        next_attempt = entry.changed + self.settings.delay(entry.attempts)
        if next_attempt > entry.queued + self.settings.max_age:
            reason = f"given up after {entry.attempts} attempts: {entry.reason}"
            return evolve(entry, state=ReportState.FAILED, reason=reason)
        return evolve(entry, next_attempt=next_attempt)

    def _moving(
        self, report_id: str, state: ReportState, reason: str
    ) -> Callable[[Cursor], Entry]:
        now = self._clock.seconds()

        def work(cursor: Cursor) -> Entry:
            old = table.read(cursor, report_id)
            new = evolve(old, state=state, reason=reason, changed=now)
            return table.move(cursor, old, evolve(new, next_attempt=None))

        return work

    async def _change(self, work: Callable[[Cursor], Entry]) -> Entry:
        entry = await self._store.transact(work)
        self._tell(entry)
        return entry

    def _tell(self, entry: Entry) -> None:
        self._maillog.reported(entry.message_id, entry.status(), entry.evidence)
        self._changes.ring()
