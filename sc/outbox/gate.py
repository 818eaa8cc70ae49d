"""What the operator opens and closes while the daemon runs: all sending, one desk."""

from collections.abc import Callable
from functools import partial

from attrs import evolve, field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from sc.model.report import ReportState, ReportStatus
from sc.outbox import desks, rates, stop, table
from sc.outbox.entry import Entry
from sc.outbox.outbox import MAX_LISTED, Outbox
from sc.outbox.rules import Rules
from sc.outbox.states import TransitionError
from sc.outbox.stop import Stop
from sc.outbox.table import NoSuchReportError
from sc.store.interface import Cursor, Store, StoreError


@frozen
class Answered:
    """
    @ivar desk: whose reports were held.
    @ivar reports: the first `MAX_LISTED` of them, as they are now.
    """

    desk: str
    reports: tuple[ReportStatus, ...]


@frozen
class Gate:
    """The switch and the approvals; kept in the store, so that all nodes see them."""

    _store: Store
    _clock: IReactorTime
    _outbox: Outbox
    _log: Logger = field(factory=lambda: Logger("sc.outbox"))

    def adopt(self, rules: Rules) -> None:
        """A new configuration counts from now on."""
        before, self._outbox.rules = self._outbox.rules, rules
        if rules.stopped != before.stopped:
            self._tell(Stop(rules.stopped))
        if rules.limits != before.limits:
            Deferred.fromCoroutine(self._recall())
        self._outbox.work.ring()

    async def announce(self) -> None:
        """At the start: silence would look like a relay that fails."""
        try:
            found = await self.stopped()
        except StoreError:
            return  # the sender tells
        if found.reason:
            self._tell(found)

    async def stopped(self) -> Stop:
        rules = self._outbox.rules
        return await self._store.transact(
            lambda cursor: stop.read(cursor, rules.stopped)
        )

    async def stop(self) -> Stop:
        """When this returns no final dot is sent any more, on no node."""
        found = await self._switch(stop.write)
        self._tell(found)
        return found

    async def start(self) -> Stop:
        """Let reports leave; the configuration may still say no."""
        found = await self._switch(lambda cursor, _now: stop.clear(cursor))
        self._tell(found)
        self._outbox.work.ring()
        return found

    async def approve(self, which: str) -> Answered:
        """
        Write to a desk from now on; what was held for it leaves.

        @param which: a report's id, the desk's address, or a provider's name.
        @raise NoSuchReportError: neither.
        """

        def work(cursor: Cursor, desk: str, held: tuple[Entry, ...]) -> list[Entry]:
            now = self._clock.seconds()
            desks.add(cursor, desk, now)
            desks.release(cursor, desk, now)
            return [table.read(cursor, entry.id) for entry in held]

        answered = await self._answer(which, work)
        self._outbox.work.ring()
        return answered

    async def reject(self, which: str) -> Answered:
        """
        Cancel what is held for a desk. The next report to it is held again.

        @param which: a report's id, the desk's address, or a provider's name.
        @raise NoSuchReportError: neither.
        @raise TransitionError: nothing is held for it.
        """

        def work(cursor: Cursor, _desk: str, held: tuple[Entry, ...]) -> list[Entry]:
            if not held:
                raise TransitionError("nothing is held for this desk")
            return [self._cancel(cursor, entry) for entry in held]

        return await self._answer(which, work)

    async def _recall(self) -> None:
        try:
            now = self._clock.seconds()
            await self._store.transact(partial(rates.recall, now=now))
        except StoreError as e:
            text = "reports above the old rates wait for up to an hour more: {e}"
            self._log.error(text, e=e)
        self._outbox.work.ring()

    def _tell(self, found: Stop) -> None:
        if found.reason:
            text = "nothing leaves: {reason}; reports are kept"
            self._log.warn(text, reason=found.reason)
        else:
            self._log.info("reports leave again")

    async def _switch(self, turn: Callable[[Cursor, float], None]) -> Stop:
        now, rules = self._clock.seconds(), self._outbox.rules

        def work(cursor: Cursor) -> Stop:
            turn(cursor, now)
            return stop.read(cursor, rules.stopped)

        return await self._store.transact(work)

    async def _answer(
        self,
        which: str,
        work: Callable[[Cursor, str, tuple[Entry, ...]], list[Entry]],
    ) -> Answered:
        def whole(cursor: Cursor) -> tuple[str, list[Entry]]:
            desk = _desk(cursor, which)
            held = desks.held(cursor, desk, MAX_LISTED)
            return desk, work(cursor, desk, held)

        desk, entries = await self._store.transact(whole)
        for entry in entries:
            self._outbox.tell(entry)
        return Answered(desk, tuple(entry.status() for entry in entries))

    def _cancel(self, cursor: Cursor, entry: Entry) -> Entry:
        return table.move(
            cursor,
            entry,
            evolve(
                entry,
                state=ReportState.CANCELLED,
                reason="rejected by the operator",
                changed=self._clock.seconds(),
            ),
        )


def _desk(cursor: Cursor, which: str) -> str:
    try:
        return table.read(cursor, which).contact
    except NoSuchReportError:
        # An address of a desk may be approved before anything is held for it.
        if _is_address(which) or desks.held(cursor, which, 1):
            return which
        raise


def _is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain)
