"""Brings the tables up to date; of several nodes that start at once, one does."""

from sc.store.interface import Cursor, StoreError
from sc.store.postgresql.dialect import columns
from sc.store.postgresql.session import Session

LOCK = 0x5C5C_5C5C
"""An advisory lock of ours; others on the same server hardly use this number."""


def migrate(session: Session, migrations: tuple[tuple[str, ...], ...]) -> None:
    """
    If it fails nothing has changed. Close the session: it keeps the lock.

    @raise StoreError: a newer `sc` made the tables.
    """

    def steps(cursor: Cursor) -> None:
        _take_steps(cursor, migrations)

    # In a transaction of its own: the next one sees what happened while it waited.
    session.transact(_wait)
    session.transact(steps)


def _wait(cursor: Cursor) -> None:
    cursor.execute("SELECT pg_advisory_lock(?)", (LOCK,))


def _take_steps(cursor: Cursor, migrations: tuple[tuple[str, ...], ...]) -> None:
    cursor.execute("CREATE TABLE IF NOT EXISTS sc_schema (step BIGINT NOT NULL)")
    cursor.execute("SELECT step FROM sc_schema")
    (version,) = cursor.fetchone() or (0,)
    if version > len(migrations):
        raise StoreError(
            f"its tables are of step {version}, this program knows {len(migrations)}:"
            " a newer version made them"
        )
    for statements in migrations[version:]:
        for statement in statements:
            cursor.execute(columns(statement))
    cursor.execute("DELETE FROM sc_schema")
    cursor.execute("INSERT INTO sc_schema (step) VALUES (?)", (len(migrations),))
