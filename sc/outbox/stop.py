"""The switch that keeps everything in the outbox, on all nodes and over restarts."""

from attrs import frozen

from sc.store.interface import Cursor

BY_OPERATOR = "stopped by the operator; `scctl outbox start` lets reports leave"


@frozen
class Stop:
    """
    @ivar reason: why nothing leaves; "" if reports may.
    @ivar since: seconds since 1970; None if only the configuration says so.
    """

    reason: str = ""
    since: float | None = None


def read(cursor: Cursor, configured: str = "") -> Stop:
    """@param configured: why the configuration lets nothing leave."""
    cursor.execute("SELECT since FROM sending_stopped")
    row = cursor.fetchone()
    if row is None:
        return Stop(configured)
    return Stop(BY_OPERATOR, float(row[0]))


def write(cursor: Cursor, now: float) -> None:
    """Once stopped it stays so: the first time is kept."""
    cursor.execute(
        "INSERT INTO sending_stopped (id, since) VALUES (1, ?) ON CONFLICT DO NOTHING",
        (now,),
    )


def clear(cursor: Cursor) -> None:
    cursor.execute("DELETE FROM sending_stopped")
