"""The operator's view of the outbox, for `scctl`."""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import asdict

from sc.listeners.http.door import Answers, Gate, Outbox
from sc.listeners.http.errors import HttpError
from sc.listeners.http.report_shapes import entry_object, status_object
from sc.listeners.http.shapes import Json
from sc.model.report import ReportState
from sc.outbox.gate import Answered
from sc.outbox.stop import Stop

LIMIT = 100
MAX_LIMIT = 1000
MAX_ID = 100
MAX_DESK = 320

Query = Mapping[bytes, Sequence[bytes]]


async def listed(outbox: Outbox, gate: Gate, query: Query) -> Json:
    """
    The latest reports, newest first, and why nothing leaves, if so.

    @raise HttpError: 400 for a wrong `state` or `limit`.
    """
    entries = await outbox.list(_state(query), limit_of(query))
    reports = [entry_object(entry) for entry in entries]
    return {"reports": reports, **_stop_object(await gate.stopped())}


async def shown(outbox: Outbox, answers: Answers, report_id: str) -> Json:
    entry = await outbox.get(_id(report_id))
    told = [asdict(answer) for answer in await answers.of(entry.id)]
    return {**entry_object(entry), "answers": told}


async def retried(outbox: Outbox, report_id: str) -> Json:
    return status_object(await outbox.retry(_id(report_id)))


async def cancelled(outbox: Outbox, report_id: str) -> Json:
    return status_object(await outbox.cancel(_id(report_id)))


async def stopped(gate: Gate) -> Json:
    return _stop_object(await gate.stop())


async def started(gate: Gate) -> Json:
    return _stop_object(await gate.start())


async def approved(gate: Gate, which: str) -> Json:
    return _answered_object(await gate.approve(_id(which, MAX_DESK)))


async def rejected(gate: Gate, which: str) -> Json:
    return _answered_object(await gate.reject(_id(which, MAX_DESK)))


def _stop_object(stop: Stop) -> dict[str, Any]:
    return {
        "stopped": bool(stop.reason),
        "stopped_since": stop.since,
        "stopped_reason": stop.reason,
    }


def _answered_object(answered: Answered) -> Json:
    reports = [status_object(status) for status in answered.reports]
    return {"desk": answered.desk, "reports": reports}


def _id(report_id: str, limit: int = MAX_ID) -> str:
    if len(report_id) > limit or not report_id.isprintable():
        raise HttpError(404, "there is no such report")
    return report_id


def _state(query: Query) -> ReportState | None:
    text = _text(query, b"state")
    try:
        return ReportState(text) if text else None
    except ValueError:
        words = ", ".join(state.value for state in ReportState)
        raise HttpError(400, f"state: one of {words}") from None


def limit_of(query: Query) -> int:
    """
    @raise HttpError: 400 for what is no number within the bounds.
    """
    text = _text(query, b"limit") or str(LIMIT)
    if text.isascii() and text.isdigit() and len(text) < 6:
        limit = int(text)
        if 1 <= limit <= MAX_LIMIT:
            return limit
    raise HttpError(400, f"limit: a number from 1 to {MAX_LIMIT}")


def _text(query: Query, name: bytes) -> str:
    values = query.get(name, ())
    if len(values) > 1:
        raise HttpError(400, f"{name.decode()}: given more than once")
    return values[0].decode("utf-8", "replace") if values else ""
