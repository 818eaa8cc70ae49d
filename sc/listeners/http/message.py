"""A request's body as a message: raw with `X-Env-*`, or inside a JSON object."""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from sc.listeners.http import json_text
from sc.listeners.http.door import Door
from sc.listeners.http.envelope import from_headers, from_json
from sc.listeners.http.errors import HttpError
from sc.listeners.http.request import HttpRequest
from sc.listeners.intake import Intake
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.octets import Octets

JSON_TYPE = "application/json"
RAW_TYPES = frozenset({"message/rfc822", "text/plain", "application/octet-stream"})


def media_type(request: HttpRequest) -> str:
    """
    Lower case, without parameters; "" if the client says nothing.

    @raise HttpError: 415 for a body that is packed.
    """
    packed = values_of(request, "Content-Encoding")
    if any(coding.lower() not in ("", "identity") for coding in packed):
        raise HttpError(415, "Content-Encoding: send the body as it is")
    given = values_of(request, "Content-Type") or [""]
    return given[0].partition(";")[0].strip().lower()


def values_of(request: HttpRequest, name: str) -> list[str]:
    """Of a header field, whatever octets it has."""
    values = request.requestHeaders.getRawHeaders(name.encode("ascii"), [])
    return [value.decode("utf-8", "replace").strip() for value in values]


def raw_message(door: Door, request: HttpRequest) -> Message:
    """
    @raise HttpError: 400 for a wrong envelope.
    """
    limit = door.settings.limits.recipients
    envelope = from_headers(request.requestHeaders, limit)
    return Message(request.id, envelope, request.take_body(), door.name)


@frozen
class JsonRequest:
    """@ivar members: of the object that the client sent, but for the message."""

    message: Message
    members: Mapping[str, Any] = field(repr=lambda v: f"<{len(v)} members>")


async def json_message(door: Door, request: HttpRequest) -> JsonRequest:
    """
    @raise HttpError: 400, with the name of the field that is wrong.
    """
    body = request.take_body()
    try:
        content, members = await door.offload(len(body), _read, body, door)
    except json_text.JsonError as e:
        raise HttpError(400, f"not JSON: {e}") from None
    told = members.pop("envelope", None)
    limit = door.settings.limits.recipients
    envelope = Envelope() if told is None else from_json(told, limit)
    return JsonRequest(Message(request.id, envelope, content, door.name), members)


def _read(body: Octets, door: Door) -> tuple[Octets, dict[str, Any]]:
    """The message and the other members; in a thread if the body is large."""
    members = json_text.decode(body)
    if not isinstance(members, dict):
        raise HttpError(400, "must be a JSON object")
    text = members.pop("message", None)
    if isinstance(text, json_text.LongText):
        return _kept(text, door), members
    if not isinstance(text, str):
        raise HttpError(400, "message: must be a string, the whole RFC 5322 message")
    return json_text.octets_of(text), members


def _kept(text: json_text.LongText, door: Door) -> Octets:
    """In a file without a name, if it is large: it may wait for a while."""
    intake = Intake(len(text), door.spool_dir)
    for piece in text.pieces:
        intake.write(piece)
    return intake.finish()
