"""What became of our reports, desk by desk: who is dead, who answers, who acts.

Everything here is what one transaction does; counters outlive the reports.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from attrs import asdict, field, fields, frozen
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from sc.abuse.bounces.settings import BounceSettings
from sc.model.report import ReportState
from sc.outbox.entry import Entry
from sc.outbox.settings import DAY
from sc.store.interface import Cursor, Store, StoreError

SOURCES_KEPT = 90 * DAY
"""Seconds for which it is known what a desk was told about."""

MAX_LISTED = 1000


class NoSuchDeskError(LookupError):
    """We never wrote there."""


@frozen
class Desk:
    """
    One row. Times are seconds since 1970.

    @ivar address: in lower case.
    @ivar answered: messages that a person or a ticket system wrote.
    @ivar recurrences: how often what it was told about was seen again after `grace`.
    @ivar dead_until: it gets no report before; 0: it does.
    @ivar reason: of the last bounce.
    @ivar form: a web page where it wants reports, as it says itself.
    """

    address: str
    sent: int = 0
    bounced: int = 0
    answered: int = 0
    recurrences: int = 0
    dead_until: float = 0.0
    reason: str = ""
    form: str = ""
    changed: float = 0.0

    @property
    def obituary(self) -> str:
        """Why it gets no report, while it is dead."""
        until = datetime.fromtimestamp(int(self.dead_until), UTC).date()
        return f"{self.address} is dead until {until} ({self.reason})"


_NAMES = tuple(column.name for column in fields(Desk))
_SELECT = f"SELECT {', '.join(_NAMES)} FROM desks"  # noqa: S608 our own column names


@frozen
class Desks:
    """`clock` must tell seconds since 1970."""

    store: Store
    clock: IReactorTime
    settings: BounceSettings
    _log: Logger = field(factory=lambda: Logger("sc.abuse"))

    # -- the outbox and the answers call these within their transactions

    def settled(self, cursor: Cursor, entry: Entry) -> None:
        """A report was sent, or it bounced; a provider is no desk."""
        if entry.to_provider:
            return
        if entry.state is ReportState.SENT:
            self._count(cursor, entry.rcpt_to, "sent")
        if entry.state is ReportState.BOUNCED:
            self._count(cursor, entry.rcpt_to, "bounced")
            _give_reason(cursor, entry)
            if _only_bounces(cursor, entry.rcpt_to, self.settings.dead_after):
                self.bury(cursor, entry)

    def bury(self, cursor: Cursor, entry: Entry) -> None:
        """Nobody is there: no more reports for a while."""
        until = self.clock.seconds() + self.settings.dead_days * DAY
        cursor.execute(
            "UPDATE desks SET dead_until = ? WHERE address = ?",
            (until, entry.rcpt_to.lower()),
        )

    def answered(self, cursor: Cursor, entry: Entry) -> None:
        """Somebody wrote about this report, or opened a ticket."""
        if not entry.to_provider:
            self._count(cursor, entry.rcpt_to, "answered")

    def wants_form(self, cursor: Cursor, entry: Entry, form: str) -> None:
        """Its desk says that it does not take reports by mail."""
        if not entry.to_provider:
            cursor.execute(
                "UPDATE desks SET form = ? WHERE address = ?",
                (form, entry.rcpt_to.lower()),
            )

    # -- whoever reports asks these

    async def dead(self, addresses: Iterable[str]) -> Mapping[str, Desk]:
        """
        Those of `addresses`, in lower case, that get no report now. While the store
        cannot be read, nobody is: one more bounce does no harm.
        """
        asked = tuple({address.lower() for address in addresses})
        if not asked or not self.settings.dead_days:
            return {}
        now = self.clock.seconds()

        def work(cursor: Cursor) -> dict[str, Desk]:
            marks = ", ".join("?" for _ in asked)
            cursor.execute(
                f"{_SELECT} WHERE dead_until > ? AND address IN ({marks})",
                (now, *asked),
            )
            return {row[0]: Desk(*row) for row in cursor.fetchall()}

        try:
            return await self.store.transact(work)
        except StoreError as e:
            self._log.error("which desks are dead cannot be read: {e}", e=e)
            return {}

    async def told(
        self, report_id: str, address: str, sources: Sequence[str], seen: float
    ) -> None:
        """
        A desk is told about these addresses and hosts. What it was told about before,
        and what was `seen` more than `grace` seconds after that, counts against it.

        @raise StoreError: not written down.
        """
        now, desk = self.clock.seconds(), address.lower()
        seen = min(seen, now)

        def work(cursor: Cursor) -> None:
            _forget(cursor, now - SOURCES_KEPT)
            for source in sources:
                last = _last_told(cursor, desk, source)
                if last is not None:
                    if seen < last + self.settings.grace:
                        continue
                    self._count(cursor, desk, "recurrences")
                _remember(cursor, desk, source, report_id, now)

        await self.store.transact(work)

    # -- and the operator these

    async def list(self, limit: int) -> tuple[Desk, ...]:
        """The latest changed first; at most `MAX_LISTED`."""
        limit = max(0, min(limit, MAX_LISTED))

        def work(cursor: Cursor) -> tuple[Desk, ...]:
            cursor.execute(
                f"{_SELECT} ORDER BY changed DESC, address LIMIT ?", (limit,)
            )
            return tuple(Desk(*row) for row in cursor.fetchall())

        return await self.store.transact(work)

    async def revive(self, address: str) -> Desk:
        """
        Let it have reports again.

        @raise NoSuchDeskError: we never wrote there.
        """
        return await self.store.transact(partial(_revive, address=address.lower()))

    def _count(self, cursor: Cursor, address: str, column: str) -> None:
        new = Desk(address.lower(), changed=self.clock.seconds())
        values = asdict(new) | {column: 1}
        marks = ", ".join("?" for _ in values)
        cursor.execute(
            f"INSERT INTO desks ({', '.join(values)}) VALUES ({marks})"  # noqa: S608 our own column names
            f" ON CONFLICT (address) DO UPDATE SET {column} = desks.{column} + 1,"
            " changed = excluded.changed",
            tuple(values.values()),
        )


def _give_reason(cursor: Cursor, entry: Entry) -> None:
    cursor.execute(
        "UPDATE desks SET reason = ? WHERE address = ?",
        (entry.reason, entry.rcpt_to.lower()),
    )


def _only_bounces(cursor: Cursor, recipient: str, number: int) -> bool:
    """Whether that many of the latest mails that left for there came back, all."""
    cursor.execute(
        "SELECT state FROM reports WHERE rcpt_to = ? AND state IN (?, ?)"
        " AND carrier IS NULL"
        " ORDER BY created DESC, id LIMIT ?",
        (recipient, ReportState.SENT.value, ReportState.BOUNCED.value, number),
    )
    states = [state for (state,) in cursor.fetchall()]
    return states == [ReportState.BOUNCED.value] * number


def _last_told(cursor: Cursor, desk: str, source: str) -> float | None:
    """
    When it heard of this last; None if it never did, or its report did not arrive. A
    report of which the row is deleted did.
    """
    cursor.execute(
        "SELECT s.told, r.state FROM desk_sources s LEFT JOIN reports r"
        " ON r.id = s.report_id WHERE s.address = ? AND s.source = ?",
        (desk, source),
    )
    told, state = cursor.fetchone() or (None, None)
    arrived = state in (None, ReportState.SENT.value)
    return told if arrived else None


def _remember(
    cursor: Cursor, desk: str, source: str, report_id: str, now: float
) -> None:
    cursor.execute(
        "INSERT INTO desk_sources (address, source, report_id, told)"
        " VALUES (?, ?, ?, ?) ON CONFLICT (address, source) DO UPDATE"
        " SET report_id = excluded.report_id, told = excluded.told",
        (desk, source, report_id, now),
    )


def _forget(cursor: Cursor, before: float) -> None:
    cursor.execute("DELETE FROM desk_sources WHERE told < ?", (before,))


def _revive(cursor: Cursor, address: str) -> Desk:
    cursor.execute("UPDATE desks SET dead_until = 0 WHERE address = ?", (address,))
    cursor.execute(f"{_SELECT} WHERE address = ?", (address,))
    row = cursor.fetchone()
    if row is None:
        raise NoSuchDeskError(f"no report was sent to {address}")
    return Desk(*row)
