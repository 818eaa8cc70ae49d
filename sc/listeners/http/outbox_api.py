"""The operator's view of the outbox, for `scctl`."""

from collections.abc import Mapping, Sequence

from sc.listeners.http.door import Outbox
from sc.listeners.http.errors import HttpError
from sc.listeners.http.report_shapes import entry_object, status_object
from sc.listeners.http.shapes import Json
from sc.model.report import ReportState

LIMIT = 100
MAX_LIMIT = 1000
MAX_ID = 100

Query = Mapping[bytes, Sequence[bytes]]


async def listed(outbox: Outbox, query: Query) -> Json:
    """
    The latest reports, newest first.

    @raise HttpError: 400 for a wrong `state` or `limit`.
    """
    entries = await outbox.list(_state(query), _limit(query))
    return {"reports": [entry_object(entry) for entry in entries]}


async def shown(outbox: Outbox, report_id: str) -> Json:
    return entry_object(await outbox.get(_id(report_id)))


async def retried(outbox: Outbox, report_id: str) -> Json:
    return status_object(await outbox.retry(_id(report_id)))


async def cancelled(outbox: Outbox, report_id: str) -> Json:
    return status_object(await outbox.cancel(_id(report_id)))


def _id(report_id: str) -> str:
    if len(report_id) > MAX_ID or not report_id.isprintable():
        raise HttpError(404, "there is no such report")
    return report_id


def _state(query: Query) -> ReportState | None:
    text = _text(query, b"state")
    try:
        return ReportState(text) if text else None
    except ValueError:
        words = ", ".join(state.value for state in ReportState)
        raise HttpError(400, f"state: one of {words}") from None


def _limit(query: Query) -> int:
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
