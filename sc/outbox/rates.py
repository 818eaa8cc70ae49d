"""When one more mail may leave: counted from the outbox's rows, so that neither a
restart nor a second node starts anew.
"""

from collections.abc import Iterator

from attrs import frozen

from sc.outbox.rules import DAY, HOUR, RateLimits
from sc.store.interface import Cursor, Value

LONGEST = HOUR
"""Seconds after which a report that waits for its turn is looked at again."""

DESK = "above the rate for this desk: leaves later"
ALL = "above the rate for all reports: leaves later"

# Waits for its turn: neither held for the operator nor part of another report's mail.
_WAITING = (
    "state IN ('queued', 'deferred') AND admitted IS NULL AND next_attempt IS NOT NULL"
)


@frozen
class Turn:
    """
    @ivar time: when the mail may leave.
    @ivar reason: why not now; "" if it may.
    """

    time: float
    reason: str = ""


@frozen
class _Rate:
    """@ivar where: whose mails count; SQL, and what it is about."""

    limit: int
    window: float
    reason: str
    where: str = ""
    about: tuple[Value, ...] = ()


def turn(cursor: Cursor, contact: str, now: float, limits: RateLimits) -> Turn:
    """
    When a mail for this desk may leave.

    Those that wait for the same are given time, one after the other, so that they do
    not all come back at the moment in which one may go.
    """
    turns = [_turn(cursor, rate, now) for rate in _rates(contact, limits)]
    return max(turns, key=lambda turn: turn.time)


def is_above(cursor: Cursor, contact: str, now: float, limits: RateLimits) -> bool:
    """Whether those that have left, and those that wait, are as many as may leave."""
    return any(
        _taken(cursor, rate, now) + _waiting(cursor, rate) >= rate.limit
        for rate in _rates(contact, limits)
    )


def recall(cursor: Cursor, now: float) -> None:
    """Rates have changed: those that wait for their turn are looked at again."""
    cursor.execute(
        "UPDATE reports SET next_attempt = ?"
        " WHERE state = 'queued' AND admitted IS NULL AND next_attempt > ?",
        (now, now),
    )


def _rates(contact: str, limits: RateLimits) -> Iterator[_Rate]:
    desk = " AND lower(contact) = ?", (contact.lower(),)
    yield _Rate(limits.contact_hour, HOUR, DESK, *desk)
    yield _Rate(limits.contact_day, DAY, DESK, *desk)
    yield _Rate(limits.hour, HOUR, ALL)
    yield _Rate(limits.day, DAY, ALL)


def _turn(cursor: Cursor, rate: _Rate, now: float) -> Turn:
    cursor.execute(
        f"SELECT admitted FROM reports WHERE {_TAKEN}{rate.where}"  # noqa: S608 our own words
        " ORDER BY admitted DESC LIMIT 1 OFFSET ?",
        (*_window(rate, now), *rate.about, rate.limit - 1),
    )
    row = cursor.fetchone()
    if row is None:
        return Turn(now)
    behind = _waiting(cursor, rate, after=now) * rate.window / rate.limit
    time = float(row[0]) + rate.window + behind
    return Turn(min(time, now + LONGEST), rate.reason)


# A clock that was ahead has left times behind which are still to come. Near ones count:
# else a second set back would open the gate; far ones would close it for years.
_TAKEN = "admitted > ? AND admitted <= ?"


def _window(rate: _Rate, now: float) -> tuple[float, float]:
    return now - rate.window, now + rate.window


def _taken(cursor: Cursor, rate: _Rate, now: float) -> int:
    return _count(cursor, f"{_TAKEN}{rate.where}", (*_window(rate, now), *rate.about))


def _waiting(cursor: Cursor, rate: _Rate, after: float | None = None) -> int:
    """@param after: count only those that are not due at this time."""
    later = "" if after is None else " AND next_attempt > ?"
    about = rate.about if after is None else (*rate.about, after)
    return _count(cursor, f"{_WAITING}{rate.where}{later}", about)


def _count(cursor: Cursor, where: str, values: tuple[Value, ...]) -> int:
    cursor.execute(f"SELECT COUNT(*) FROM reports WHERE {where}", values)  # noqa: S608 our own words
    (number,) = cursor.fetchone() or (0,)
    return int(number)
