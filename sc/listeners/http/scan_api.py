"""`POST /scan` and `POST /v1/scan`: is this message bad?"""

from twisted.internet.defer import Deferred

from sc.flow import Outcome
from sc.listeners.http import message as body
from sc.listeners.http import wanted
from sc.listeners.http.door import Door
from sc.listeners.http.errors import HttpError
from sc.listeners.http.form import form_message
from sc.listeners.http.request import HttpRequest
from sc.listeners.http.shapes import Json, scan_object, scanner_list
from sc.model.message import Message


async def scanned(door: Door, request: HttpRequest) -> Outcome:
    """
    A message, or a form with one: ecsd's clients say any Content-Type, or none.

    @raise HttpError: 415 for JSON.
    """
    kind = body.media_type(request)
    if kind == body.JSON_TYPE:
        text = "send the message itself as the body; /v1/scan takes JSON"
        raise HttpError(415, text)
    names = wanted.from_header(door, request)
    if kind == "multipart/form-data":
        return await _scan(door, await form_message(door, request), names)
    return await _scan(door, body.raw_message(door, request), names)


def scan_list(request: HttpRequest, outcome: Outcome) -> Json:
    """ecsd's array; the decision stands in the header."""
    for name, value in _decision_fields(outcome):
        request.setHeader(name, value)
    return scanner_list(outcome)


async def scan_verdict(door: Door, request: HttpRequest) -> Json:
    """Verdict and decision as one object."""
    kind, names = body.media_type(request), wanted.from_header(door, request)
    if kind == body.JSON_TYPE:
        message, told = await _from_json(door, request)
        names = told if names is None else names
    elif kind == "multipart/form-data":
        raise HttpError(415, "send the message itself as the body, or JSON")
    else:
        message = body.raw_message(door, request)
    return scan_object(await _scan(door, message, names))


async def _from_json(
    door: Door, request: HttpRequest
) -> tuple[Message, frozenset[str] | None]:
    """The message, and the scanners that it is for."""
    found = await body.json_message(door, request)
    for name in found.members.keys() - {wanted.MEMBER}:
        raise HttpError(400, f"{name[:60]}: there is no such field")
    names = found.members.get(wanted.MEMBER)
    return found.message, None if names is None else wanted.from_json(door, names)


async def _scan(door: Door, message: Message, names: frozenset[str] | None) -> Outcome:
    """Ends with its client: cancelling stops the scanners."""
    if not len(message.content):
        raise HttpError(400, "the message is empty")
    scan = Deferred.fromCoroutine(door.flow.scan(message, names))
    scan.addTimeout(door.settings.limits.answer_timeout, door.clock)
    return await scan


def _decision_fields(outcome: Outcome) -> tuple[tuple[str, str], ...]:
    decision = outcome.decision
    return (
        ("X-SC-Action", decision.action.value),
        ("X-SC-Score", f"{decision.score:.2f}"),
        ("X-SC-Threshold", f"{decision.reject_at:.2f}"),
        ("X-SC-Reason", decision.reason.value),
    )
