"""Incidents in the store: at most one open for each user, over all nodes."""

import json
from collections.abc import Mapping, Sequence

from attrs import evolve, fields

from sc.model.incident import QUIET, Incident
from sc.scan.facts import MAX_ADDRESSES, MAX_SAMPLES, Facts, several
from sc.store.interface import Cursor, Row


class NoSuchIncidentError(LookupError):
    """No incident of this id, or no longer."""


_NAMES = tuple(column.name for column in fields(Incident))
_COLUMNS = ", ".join(_NAMES)
_SELECT = f"SELECT {_COLUMNS} FROM incidents"  # noqa: S608 our own column names
_LISTS = ("addresses", "samples")


def _of(row: Row) -> Incident:
    values = dict(zip(_NAMES, row, strict=True))
    lists = {name: tuple(json.loads(values[name])) for name in _LISTS}
    return Incident(**{**values, **lists})


def _with(old: Incident, facts: Facts) -> Incident:
    """What is known when this was seen, too."""
    return evolve(
        old,
        first=min(old.first, facts.first),
        last=max(old.last, facts.last),
        spam=old.spam + facts.spam,
        complaints=old.complaints + facts.complaints,
        addresses=several(old.addresses, facts.addresses, MAX_ADDRESSES),
        samples=several(old.samples, facts.samples, MAX_SAMPLES),
    )


def find_open(cursor: Cursor, account: str) -> Incident | None:
    cursor.execute(f"{_SELECT} WHERE account = ? AND closed IS NULL", (account,))
    row = cursor.fetchone()
    return _of(row) if row else None


def begun(incident_id: str, account: str, facts: Facts, now: float) -> Incident:
    return Incident(
        id=incident_id,
        account=account,
        opened=now,
        first=facts.first,
        last=facts.last,
        closed=None,
        closed_by="",
        spam=facts.spam,
        complaints=facts.complaints,
        addresses=facts.addresses,
        samples=facts.samples,
    )


def insert(cursor: Cursor, new: Incident) -> None:
    """There is none open for this user."""
    marks = ", ".join("?" for _ in _NAMES)
    cursor.execute(
        f"INSERT INTO incidents ({_COLUMNS}) VALUES ({marks})",  # noqa: S608 our own column names
        tuple(_value(new, name) for name in _NAMES),
    )


def _value(incident: Incident, name: str) -> str | int | float | None:
    found = getattr(incident, name)
    return json.dumps(found) if name in _LISTS else found


def add(cursor: Cursor, old: Incident, facts: Facts) -> None:
    """What was seen since it was opened."""
    new = _with(old, facts)
    names = ("first", "last", "spam", "complaints", *_LISTS)
    cursor.execute(
        f"UPDATE incidents SET {', '.join(f'{n} = ?' for n in names)} WHERE id = ?",  # noqa: S608 our own column names
        (*(_value(new, name) for name in names), new.id),
    )


def read(cursor: Cursor, incident_id: str) -> Incident:
    """
    @raise NoSuchIncidentError: there is none.
    """
    cursor.execute(f"{_SELECT} WHERE id = ?", (incident_id,))
    row = cursor.fetchone()
    if row is None:
        raise NoSuchIncidentError(f"no incident {incident_id}")
    return _of(row)


def latest(
    cursor: Cursor, limit: int, *, only_open: bool = False
) -> Sequence[Incident]:
    """The open ones first, then the latest."""
    where = " WHERE closed IS NULL" if only_open else ""
    cursor.execute(
        f"{_SELECT}{where} ORDER BY CASE WHEN closed IS NULL THEN 0 ELSE 1 END,"
        " opened DESC, id LIMIT ?",
        (limit,),
    )
    return tuple(map(_of, cursor.fetchall()))


def open_accounts(cursor: Cursor) -> frozenset[str]:
    cursor.execute("SELECT account FROM incidents WHERE closed IS NULL")
    return frozenset(str(row[0]) for row in cursor.fetchall())


def closed_since(cursor: Cursor, since: float) -> Mapping[str, str]:
    """The id of the last one of each user that was closed since then."""
    cursor.execute(
        "SELECT account, id FROM incidents WHERE closed > ? ORDER BY closed", (since,)
    )
    return {str(account): str(found) for account, found in cursor.fetchall()}


def close(cursor: Cursor, old: Incident, now: float, by: str) -> Incident:
    cursor.execute(
        "UPDATE incidents SET closed = ?, closed_by = ? WHERE id = ?", (now, by, old.id)
    )
    return evolve(old, closed=now, closed_by=by)


def close_quiet(cursor: Cursor, before: float, now: float) -> Sequence[Incident]:
    """Those of which nothing was seen since `before`."""
    cursor.execute(f"{_SELECT} WHERE closed IS NULL AND last <= ?", (before,))
    return tuple(close(cursor, _of(row), now, QUIET) for row in cursor.fetchall())


def purge(cursor: Cursor, before: float) -> None:
    cursor.execute("DELETE FROM incidents WHERE closed <= ?", (before,))
