"""Reports by whatever an operator has in hand: a number, a Message-ID, a message."""

from sc.outbox import table
from sc.outbox.entry import Entry
from sc.store.interface import Cursor

MAX_REPORTS = 200
"""About one message: at most 20 desks are written to, and some are tried again."""

_BY = ("id", "mail_message_id", "dedupe_key", "message_id")


def message_of(cursor: Cursor, name: str) -> str | None:
    """Our id of the message that a report is about; None: no report has that name."""
    for column in _BY:
        cursor.execute(
            f"SELECT message_id FROM reports WHERE {column} = ? LIMIT 1",  # noqa: S608 our own column names
            (name,),
        )
        row = cursor.fetchone()
        if row:
            return str(row[0])
    return None


def about(cursor: Cursor, message_id: str) -> tuple[Entry, ...]:
    """All reports about one message, the oldest first."""
    cursor.execute(
        f"{table.SELECT} WHERE message_id = ? ORDER BY created, id LIMIT ?",
        (message_id, MAX_REPORTS),
    )
    return table.entries(cursor)


def kept_mails(cursor: Cursor, message_id: str) -> frozenset[str]:
    """The reports about it whose mail has not been deleted yet."""
    cursor.execute(
        "SELECT report_id FROM report_mails WHERE report_id IN"
        " (SELECT id FROM reports WHERE message_id = ?)",
        (message_id,),
    )
    return frozenset(str(row[0]) for row in cursor.fetchall())
