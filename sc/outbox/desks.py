"""The desks that may be written to without asking the operator first."""

from sc.outbox import table
from sc.outbox.entry import Entry
from sc.store.interface import Cursor


def is_known(cursor: Cursor, contact: str) -> bool:
    """Whether it was approved, or has had a report of ours."""
    cursor.execute("SELECT 1 FROM known_desks WHERE contact = ?", (contact.lower(),))
    return cursor.fetchone() is not None


def add(cursor: Cursor, contact: str, now: float) -> None:
    cursor.execute(
        "INSERT INTO known_desks (contact, since) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (contact.lower(), now),
    )


def held(cursor: Cursor, contact: str, limit: int) -> tuple[Entry, ...]:
    """The reports that wait until somebody approves this desk, the oldest first."""
    cursor.execute(
        f"{table.SELECT} WHERE lower(contact) = ? AND {table.HELD}"
        " ORDER BY created, id LIMIT ?",
        (contact.lower(), limit),
    )
    return table.entries(cursor)


def release(cursor: Cursor, contact: str, now: float) -> None:
    """What was held for this desk is due."""
    cursor.execute(
        "UPDATE reports SET reason = '', queued = ?, changed = ?, next_attempt = ?"  # noqa: S608 our own words
        f" WHERE lower(contact) = ? AND {table.HELD}",
        (now, now, now, contact.lower()),
    )
