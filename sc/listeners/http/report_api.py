"""`POST /`: who must hear about this message, and, if asked, tell them."""

from collections.abc import Mapping
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from sc.access import Caller
from sc.listeners.http import message as body
from sc.listeners.http.boundary import boundary_of
from sc.listeners.http.door import Door
from sc.listeners.http.errors import HttpError, error_of
from sc.listeners.http.idempotency import key_of
from sc.listeners.http.report_shapes import report_object
from sc.listeners.http.request import HttpRequest
from sc.listeners.http.shapes import Json
from sc.listeners.http.xarf import xarf_of
from sc.model.message import Message
from sc.model.report import ReportOutcome, ReportRequest
from sc.model.xarf import XarfRequest

SEND_FIELD = "X-SC-Abuse-Report"


@frozen
class _Asked:
    """@ivar ignored: fields that we do not know, told in the answer's warnings."""

    message: Message
    request: ReportRequest
    ignored: tuple[str, ...] = ()


async def report(door: Door, request: HttpRequest, caller: Caller) -> Json:
    """The original's object."""
    kind = body.media_type(request)
    if kind == body.JSON_TYPE:
        asked = await _from_json(door, request, caller.name)
    elif kind in body.RAW_TYPES:
        asked = _from_raw(door, request, caller.name)
    else:
        text = "Content-Type: send application/json, or a message as message/rfc822"
        raise HttpError(415, text)
    if not len(asked.message.content):
        raise HttpError(422, "the message is empty")
    outcome = await _shielded(door, asked)
    warnings = tuple(f"{name}: there is no such field" for name in asked.ignored)
    return report_object(outcome, asked.request, warnings)


def _from_raw(door: Door, request: HttpRequest, caller: str) -> _Asked:
    values = body.values_of(request, SEND_FIELD)
    words = {value.lower() for value in values}
    if words - {"send", "dry-run"}:
        raise HttpError(400, f"{SEND_FIELD}: can be `send` or `dry-run` only")
    message = body.raw_message(door, request)
    wanted = ReportRequest(
        send=bool(words),
        dry_run="dry-run" in words,
        caller=caller,
        key=key_of(request),
    )
    return _Asked(message, wanted)


async def _from_json(door: Door, request: HttpRequest, caller: str) -> _Asked:
    found = await body.json_message(door, request)
    members = {key: value for key, value in found.members.items() if value is not None}
    xarf, strange = _xarf(members.pop("xarf", None))
    boundary = members.pop("trusted_boundary", None)
    options = _options(members.pop("abuse_report", {}))
    dry_run = _is_true(options, "dry_run")
    wanted = ReportRequest(
        send=_is_true(options, "send") or dry_run,
        dry_run=dry_run,
        boundary=None if boundary is None else boundary_of(boundary),
        caller=caller,
        xarf=xarf,
        key=key_of(request),
    )
    known = ("send", "dry_run")
    ignored = (f"abuse_report.{key[:60]}" for key in options if key not in known)
    names = (*(name[:60] for name in members), *ignored, *strange)
    return _Asked(found.message, wanted, names)


def _xarf(value: object) -> tuple[XarfRequest | None, tuple[str, ...]]:
    return (None, ()) if value is None else xarf_of(value)


def _options(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise HttpError(400, "abuse_report: must be an object")
    return value


def _is_true(options: Mapping[str, Any], key: str) -> bool:
    """Only JSON's `true` makes us write to somebody."""
    value = options.get(key, False)
    if not isinstance(value, bool):
        raise HttpError(400, f"abuse_report.{key}: must be true or false")
    return value


def _shielded(door: Door, asked: _Asked) -> Deferred[ReportOutcome]:
    """Wait for a report, which goes on when its client leaves or waits no more."""
    waiting: Deferred[ReportOutcome] = Deferred()

    def end(outcome: ReportOutcome | Failure) -> None:
        if not waiting.called:
            waiting.callback(outcome)
        elif isinstance(outcome, Failure):
            _tell(door, outcome, asked.message.id)

    work = Deferred.fromCoroutine(door.flow.report(asked.message, asked.request))
    work.addBoth(end)
    return waiting.addTimeout(door.settings.limits.answer_timeout, door.clock)


def _tell(door: Door, failure: Failure, message_id: str) -> None:
    """Nobody waits for this answer any more."""
    expected = error_of(failure.value)
    if expected is None:
        door.log.failure("report of {id} broke", failure, id=message_id)
    else:
        door.log.warn(
            "report of {id} failed, and its client had left: {error}",
            id=message_id,
            error=expected.text,
        )
