"""What desks wrote back, beside the report that they answer."""

from collections.abc import Sequence

from attrs import astuple, fields, frozen
from twisted.internet.interfaces import IReactorTime

from sc.abuse.bounces.desks import Desks
from sc.content.response import Kind, Response
from sc.outbox.entry import Entry
from sc.outbox.table import find_by_mail
from sc.store.interface import Cursor, Store

MAX_KEPT = 20
"""Answers to one report; a ticket system that loops writes thousands."""


@frozen
class DeskAnswer:
    """
    @ivar message_id: ours, as in the log.
    @ivar received: seconds since 1970.
    @ivar kind: `answer`, `automatic` or `feedback`.
    @ivar words: its beginning.
    """

    message_id: str
    received: float
    kind: str
    sender: str
    subject: str
    ticket: str
    words: str


_NAMES = ", ".join(column.name for column in fields(DeskAnswer))


@frozen
class Answers:
    """`clock` must tell seconds since 1970."""

    store: Store
    clock: IReactorTime
    desks: Desks

    async def keep(self, message_id: str, entry: Entry, response: Response) -> None:
        """
        Return when it is committed, and counts for the desk.

        @raise StoreError: not written down.
        """
        answer = DeskAnswer(
            message_id=message_id,
            received=self.clock.seconds(),
            kind=response.kind.value,
            sender=response.sender,
            subject=response.subject,
            ticket=response.ticket,
            words=response.words,
        )
        # A vacation note is no answer; that somebody opened a ticket is.
        heard = response.kind is Kind.ANSWER or bool(response.ticket)

        def work(cursor: Cursor) -> None:
            if not _has_room(cursor, entry.id):
                return
            cursor.execute(
                f"INSERT INTO report_answers (report_id, {_NAMES})"  # noqa: S608 our own column names
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (entry.id, *astuple(answer)),
            )
            if heard:
                self.desks.answered(cursor, entry)
            if response.form:
                self.desks.wants_form(cursor, entry, response.form)

        await self.store.transact(work)

    async def of(self, report_id: str) -> tuple[DeskAnswer, ...]:
        """The oldest first."""

        def work(cursor: Cursor) -> tuple[DeskAnswer, ...]:
            cursor.execute(
                f"SELECT {_NAMES} FROM report_answers WHERE report_id = ?"  # noqa: S608 our own column names
                " ORDER BY received, message_id",
                (report_id,),
            )
            return tuple(DeskAnswer(*row) for row in cursor.fetchall())

        return await self.store.transact(work)

    async def report_of(self, message_ids: Sequence[str]) -> Entry | None:
        """The report whose Message-ID is one of these."""
        if not message_ids:
            return None

        def work(cursor: Cursor) -> Entry | None:
            return find_by_mail(cursor, message_ids)

        return await self.store.transact(work)


def _has_room(cursor: Cursor, report_id: str) -> bool:
    cursor.execute(
        "SELECT COUNT(*) FROM report_answers WHERE report_id = ?", (report_id,)
    )
    (count,) = cursor.fetchone() or (0,)
    return bool(count < MAX_KEPT)
