"""The history's SQL."""

from collections.abc import Iterable

from attrs import frozen

from sc.store.interface import Cursor

MAX_LINES = 500
"""Of one message; a report that is tried for days has some twenty."""


@frozen
class Line:
    """
    @ivar at: seconds since 1970.
    @ivar text: as it stands in the log.
    """

    message_id: str
    at: float
    text: str


def add(cursor: Cursor, lines: Iterable[Line]) -> None:
    for line in lines:
        cursor.execute(
            "INSERT INTO history (message_id, at, line) VALUES (?, ?, ?)",
            (line.message_id, line.at, line.text),
        )


def read(cursor: Cursor, message_id: str) -> tuple[Line, ...]:
    """Of one message, the oldest first."""
    cursor.execute(
        "SELECT message_id, at, line FROM history WHERE message_id = ?"
        " ORDER BY at, line LIMIT ?",
        (message_id, MAX_LINES),
    )
    return tuple(Line(*row) for row in cursor.fetchall())


def purge(cursor: Cursor, before: float, most: int) -> None:
    """Delete what is too old, and what is too much."""
    cursor.execute("DELETE FROM history WHERE at <= ?", (before,))
    cursor.execute("SELECT at FROM history ORDER BY at DESC LIMIT 1 OFFSET ?", (most,))
    row = cursor.fetchone()
    if row:
        cursor.execute("DELETE FROM history WHERE at <= ?", (row[0],))
