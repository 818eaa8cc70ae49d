"""Keeps the mail log's lines in the store, behind the messages' backs.

In batches: a commit for each message would cost more than its scan. What a crash
takes along is a second's lines, which the log itself still has.
"""

from functools import partial

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from sc.history import table
from sc.history.settings import HistorySettings
from sc.history.table import Line
from sc.store.interface import Store, StoreError

PAUSE = 1.0
"""Seconds from the first line to the commit."""

MAX_WAITING = 20_000
"""Lines that wait for a store that is slow; more are not kept."""

PURGE_EVERY = 10_000
"""Lines between two looks for what is too much."""

PURGE_AFTER = 3600.0
"""Seconds between two looks for what is too old, also where no line comes."""

DAY = 86400.0


class History:
    """
    @ivar settings: a reload replaces them.
    """

    _log = Logger("sc.history")

    def __init__(
        self, store: Store, clock: IReactorTime, settings: HistorySettings
    ) -> None:
        self.settings = settings
        self._store = store
        self._clock = clock
        self._waiting: list[Line] = []
        self._lost = 0
        self._since_purge = 0
        self._purging = LoopingCall(lambda: Deferred.fromCoroutine(self._purge()))
        self._purging.clock = clock
        self._due: IDelayedCall | None = None
        self._writing: Deferred[None] | None = None

    def start(self) -> None:
        """What is too old goes from now on; the store is open."""
        self._purging.start(PURGE_AFTER)

    def keep(self, message_id: str, text: str) -> None:
        """Take one line; it is in the store a second later."""
        if not self.settings.days:
            return
        if len(self._waiting) >= MAX_WAITING:
            self._lost += 1
            return
        self._waiting.append(Line(message_id, self._clock.seconds(), text))
        if self._due is None and self._writing is None:
            self._due = self._clock.callLater(PAUSE, self._begin)

    async def of(self, message_id: str) -> tuple[Line, ...]:
        """
        What is known about a message, the oldest first.

        @raise StoreError: the store cannot be read.
        """
        waiting = [line for line in self._waiting if line.message_id == message_id]
        kept = await self._store.transact(partial(table.read, message_id=message_id))
        return tuple(dict.fromkeys((*kept, *waiting)))

    async def stop(self) -> None:
        """Write what waits; the store is still open. Safe if it was not started."""
        if self._purging.running:
            self._purging.stop()
        if self._writing is not None:
            await self._writing
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if self._waiting:
            await self._write()

    def _begin(self) -> None:
        self._due = None
        writing = Deferred.fromCoroutine(self._write())
        if not writing.called:
            self._writing = writing

    async def _write(self) -> None:
        lines, self._waiting = self._waiting, []
        try:
            await self._store.transact(partial(table.add, lines=lines))
            self._since_purge += len(lines)
            if self._since_purge >= PURGE_EVERY:
                self._since_purge = 0
                await self._purge()
        except StoreError as e:
            self._log.warn(
                "{count} lines are not kept for `scctl explain`: {e}",
                count=len(lines) + self._lost,
                e=e,
            )
        else:
            self._tell_lost()
        self._lost = 0
        self._writing = None
        if self._waiting and self._due is None:
            self._due = self._clock.callLater(PAUSE, self._begin)

    async def _purge(self) -> None:
        before = self._clock.seconds() - self.settings.days * DAY
        try:
            await self._store.transact(
                partial(table.purge, before=before, most=self.settings.lines)
            )
        except StoreError as e:
            self._log.warn("old lines for `scctl explain` stay for now: {e}", e=e)

    def _tell_lost(self) -> None:
        if self._lost:
            self._log.warn(
                "{count} lines are not kept for `scctl explain`: the store is slow",
                count=self._lost,
            )
