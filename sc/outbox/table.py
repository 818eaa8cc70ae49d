"""The outbox's SQL: what may happen inside one transaction."""

from collections.abc import Mapping, Sequence

from attrs import evolve, fields, frozen

from sc.model.report import ReportState
from sc.outbox.entry import Entry, NewReport
from sc.outbox.settings import AHEAD, LONGEST_CLAIM, TAKEOVER
from sc.outbox.states import WAITING, TransitionError, check
from sc.store.interface import Cursor, Row

_NAMES = tuple(column.name for column in fields(Entry))
_COLUMNS = ", ".join(_NAMES)
SELECT = f"SELECT {_COLUMNS} FROM reports"  # noqa: S608 our own column names
_STATE = _NAMES.index("state")

HELD = "state = 'queued' AND next_attempt IS NULL AND carrier IS NULL"
"""Waits for the operator's word."""

MAX_LOST = 1000
"""Taken up in one transaction; all nodes have fewer on their way at once."""


@frozen
class Census:
    """
    @ivar oldest: seconds for which the oldest report that leaves by itself waits.
    """

    counts: Mapping[ReportState, int]
    oldest: float


UNDECIDED = "uncertain, and nobody decided"


class NoSuchReportError(LookupError):
    """No report of this id, or no longer."""


def entries(cursor: Cursor) -> tuple[Entry, ...]:
    """Those that a statement which began with `SELECT` found."""
    return tuple(map(entry_of, cursor.fetchall()))


def entry_of(row: Row) -> Entry:
    values = dict(zip(_NAMES, row, strict=True))
    return Entry(**{**values, "state": ReportState(values["state"])})


def find_duplicate(cursor: Cursor, key: str, since: float) -> Entry | None:
    """The latest report with this key, if it is not older than `since`."""
    cursor.execute(
        f"{SELECT} WHERE dedupe_key = ? AND created > ? ORDER BY created DESC LIMIT 1",
        (key, since),
    )
    row = cursor.fetchone()
    return entry_of(row) if row else None


def new_entry(
    new: NewReport,
    now: float,
    *,
    next_attempt: float | None,
    reason: str = "",
    carrier: str | None = None,
) -> Entry:
    """What a report is when it comes in."""
    return Entry(
        id=new.id,
        message_id=new.message_id,
        contact=new.contact,
        mail_from=new.mail_from,
        rcpt_to=new.rcpt_to,
        mail_message_id=new.mail_message_id,
        evidence=new.evidence,
        state=ReportState.QUEUED,
        reason=f"in the digest {carrier}" if carrier else reason,
        attempts=0,
        created=now,
        queued=now,
        changed=now,
        next_attempt=next_attempt,
        carrier=carrier,
        route=new.route,
    )


def insert(cursor: Cursor, new: NewReport, entry: Entry) -> None:
    """The row alone: `insert_whole` has the mail, too."""
    values = [getattr(entry, name) for name in _NAMES]
    values[_STATE] = entry.state.value
    marks = ", ".join("?" for _ in values)
    cursor.execute(
        f"INSERT INTO reports (dedupe_key, source, incident, {_COLUMNS})"  # noqa: S608 our own column names
        f" VALUES (?, ?, ?, {marks})",
        (new.key, new.source, new.incident, *values),
    )


def insert_whole(cursor: Cursor, new: NewReport, entry: Entry) -> Entry:
    insert(cursor, new, entry)
    cursor.execute(
        "INSERT INTO report_mails (report_id, mail) VALUES (?, ?)", (new.id, new.mail)
    )
    return entry


def suppress(cursor: Cursor, new: NewReport, now: float) -> Entry:
    """Keep a report that is not to be sent, and why."""
    entry = new_entry(new, now, next_attempt=None, reason=new.suppressed)
    return insert_whole(cursor, new, evolve(entry, state=ReportState.SUPPRESSED))


def read(cursor: Cursor, report_id: str) -> Entry:
    """
    @raise NoSuchReportError: there is none.
    """
    cursor.execute(f"{SELECT} WHERE id = ?", (report_id,))
    row = cursor.fetchone()
    if row is None:
        raise NoSuchReportError(f"no report {report_id}")
    return entry_of(row)


def find_by_mail(cursor: Cursor, mail_message_ids: Sequence[str]) -> Entry | None:
    """The latest report whose mail has one of these Message-IDs."""
    marks = ", ".join("?" for _ in mail_message_ids)
    cursor.execute(
        f"{SELECT} WHERE mail_message_id IN ({marks}) ORDER BY created DESC LIMIT 1",
        tuple(mail_message_ids),
    )
    row = cursor.fetchone()
    return entry_of(row) if row else None


def read_mail(cursor: Cursor, report_id: str) -> bytes | None:
    """None: deleted, because its time was over."""
    cursor.execute("SELECT mail FROM report_mails WHERE report_id = ?", (report_id,))
    row = cursor.fetchone()
    return bytes(row[0]) if row else None


def select(
    cursor: Cursor, states: Sequence[ReportState], limit: int
) -> tuple[Entry, ...]:
    """The latest reports in one of these states, newest first."""
    marks = ", ".join("?" for _ in states)
    cursor.execute(
        f"{SELECT} WHERE state IN ({marks}) ORDER BY created DESC, id LIMIT ?",
        (*(state.value for state in states), limit),
    )
    return entries(cursor)


def census(cursor: Cursor, now: float) -> Census:
    """How many reports are in each state."""
    cursor.execute("SELECT state, COUNT(*) FROM reports GROUP BY state")
    counts = {ReportState(state): int(count) for state, count in cursor.fetchall()}
    cursor.execute(
        "SELECT MIN(queued) FROM reports WHERE state IN (?, ?)"
        " AND next_attempt IS NOT NULL",
        tuple(state.value for state in WAITING),
    )
    (oldest,) = cursor.fetchone() or (None,)
    return Census(counts, 0.0 if oldest is None else max(0.0, now - oldest))


def claim(
    cursor: Cursor, node: str, now: float, horizon: float, limit: int
) -> tuple[Entry, ...]:
    """
    Give this node those whose time has come, and those further away than any delay
    (`horizon`): the clock was set back. Not those that another node has.
    """
    until = now + TAKEOVER
    # One statement: of two nodes that run it at once, one finds nothing more.
    cursor.execute(
        "UPDATE reports SET node = ?, claimed = ? WHERE id IN (SELECT id FROM reports"  # noqa: S608 our own column names
        " WHERE (next_attempt <= ? OR next_attempt > ?) AND (node = ?"
        " OR claimed IS NULL OR claimed <= ? OR claimed > ?)"
        f" ORDER BY next_attempt, id LIMIT ?) RETURNING {_COLUMNS}",
        (node, until, now, horizon, node, now, now + LONGEST_CLAIM, limit),
    )
    found = map(entry_of, cursor.fetchall())
    return tuple(sorted(found, key=lambda entry: (entry.next_attempt, entry.id)))


def on_their_way(cursor: Cursor, node: str) -> tuple[Entry, ...]:
    """What this node was sending when it stopped."""
    cursor.execute(
        f"{SELECT} WHERE state = ? AND node IN ('', ?) LIMIT ?",
        (ReportState.SENDING.value, node, MAX_LOST),
    )
    return entries(cursor)


def abandoned(cursor: Cursor, node: str, before: float) -> tuple[Entry, ...]:
    """What other nodes have been sending since `before`: longer than that takes."""
    cursor.execute(
        f"{SELECT} WHERE state = ? AND node NOT IN ('', ?) AND changed <= ? LIMIT ?",
        (ReportState.SENDING.value, node, before, MAX_LOST),
    )
    return entries(cursor)


def next_due(cursor: Cursor, now: float) -> float | None:
    """When the next report's time comes that has not come yet."""
    cursor.execute(
        "SELECT MIN(next_attempt) FROM reports WHERE next_attempt > ?", (now,)
    )
    found: float | None
    (found,) = cursor.fetchone() or (None,)
    return found


def move(cursor: Cursor, old: Entry, new: Entry) -> Entry:
    """
    Put `new` in the place of `old`.

    @raise TransitionError: its state may not follow, or `old` is not there any more.
    """
    check(old.state, new.state)
    cursor.execute(
        "UPDATE reports SET state = ?, reason = ?, attempts = ?, queued = ?,"
        " changed = ?, next_attempt = ?, admitted = ?, node = ?, claimed = ?"
        " WHERE id = ? AND state = ? AND node = ?",
        (
            *(new.state.value, new.reason, new.attempts, new.queued),
            *(new.changed, new.next_attempt, new.admitted, new.node, new.claimed),
            *(old.id, old.state.value, old.node),
        ),
    )
    if cursor.rowcount != 1:
        raise TransitionError("the report has changed meanwhile")
    _carry(cursor, new)
    return new


def _carry(cursor: Cursor, carrier: Entry) -> None:
    """What is part of its mail comes to the same end; until then it is queued."""
    ended = carrier.state.is_final
    state = carrier.state if ended else ReportState.QUEUED
    reason = carrier.reason if ended else f"in the digest {carrier.id}"
    cursor.execute(
        "UPDATE reports SET state = ?, reason = ?, changed = ?"
        " WHERE carrier = ? AND state <> ?",
        (state.value, reason, carrier.changed, carrier.id, state.value),
    )


def postpone(cursor: Cursor, entry: Entry, until: float, reason: str) -> Entry:
    """Its turn has not come: it stays what it is, and waits."""
    cursor.execute(
        "UPDATE reports SET next_attempt = ?, reason = ?, claimed = NULL"
        " WHERE id = ? AND state = ?",
        (until, reason, entry.id, entry.state.value),
    )
    return evolve(entry, next_attempt=until, reason=reason)


def count_in(cursor: Cursor, entry: Entry, now: float) -> Entry:
    """
    Its turn has come: from now on it counts as a mail that left. How long it waited
    for that is not taken from the time in which it is tried.
    """
    new = evolve(entry, admitted=now, queued=entry.queued if entry.attempts else now)
    cursor.execute(
        "UPDATE reports SET admitted = ?, queued = ? WHERE id = ?",
        (new.admitted, new.queued, entry.id),
    )
    return new


def pull_back(cursor: Cursor, now: float) -> None:
    """
    A clock that was ahead left times behind that are still to come: they become now.
    Else their rows would suppress, count and stay for as long as it was ahead.
    """
    for column in ("created", "queued", "changed", "admitted"):
        cursor.execute(
            f"UPDATE reports SET {column} = ? WHERE {column} > ?",  # noqa: S608 our own column names
            (now, now + AHEAD),
        )


def expire_uncertain(cursor: Cursor, before: float, now: float) -> tuple[Entry, ...]:
    """Nobody decided: without an end, somebody's mail would lie here for ever."""
    cursor.execute(
        f"{SELECT} WHERE state = ? AND changed <= ? ORDER BY changed, id LIMIT ?",
        (ReportState.UNCERTAIN.value, before, MAX_LOST),
    )
    why = "uncertain, and nobody decided"
    return tuple(
        move(
            cursor, old, evolve(old, state=ReportState.FAILED, reason=why, changed=now)
        )
        for old in entries(cursor)
    )


def purge(cursor: Cursor, mails_before: float, rows_before: float) -> None:
    """Delete what came to its last state before these times."""
    final = [state.value for state in ReportState if state.is_final]
    marks = ", ".join("?" for _ in final)
    ended = f"FROM reports WHERE state IN ({marks}) AND changed <= ?"
    cursor.execute(
        f"DELETE FROM report_mails WHERE report_id IN (SELECT id {ended})",  # noqa: S608 marks
        (*final, mails_before),
    )
    # PostgreSQL and SQLite both delete the mail along with its row.
    cursor.execute(f"DELETE {ended}", (*final, rows_before))
