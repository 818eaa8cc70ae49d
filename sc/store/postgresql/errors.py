"""What PostgreSQL complains of, as one line for the operator."""

import psycopg
from psycopg import errors

from sc.store.postgresql.session import Session

MAX_TEXT = 500

AGAIN = (errors.SerializationFailure, errors.DeadlockDetected)
"""Two transactions met, and this one gave way; the next time it finds a result."""

ANOTHER_ONE = (errors.ReadOnlySqlTransaction,)
"""The server is a standby now; a new session finds the one that can write."""

TIME_IS_OVER = (errors.QueryCanceled, errors.LockNotAvailable)


def told(error: Exception) -> str:
    """The first words only: what follows may quote a row, and so somebody's mail."""
    diag = error.diag if isinstance(error, psycopg.Error) else None
    text = (diag and diag.message_primary) or str(error) or type(error).__name__
    return " ".join(text.split())[:MAX_TEXT]


def explain(error: psycopg.Error, session: Session, timeout: float) -> str:
    """What happened to a transaction, and what to do."""
    if session.expired or isinstance(error, TIME_IS_OVER):
        return (
            f"PostgreSQL did not answer within {timeout:g} s: see its load and its"
            " locks (pg_stat_activity), or raise store.timeout"
        )
    if session.lost:
        return f"the connection to PostgreSQL broke: {told(error)}; sc connects again"
    if isinstance(error, errors.DiskFull):
        return f"PostgreSQL's disk is full: {told(error)}: make room there"
    return f"PostgreSQL: {told(error)}"
