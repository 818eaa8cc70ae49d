"""A form with a message and its envelope (multipart/form-data, RFC 7578)."""

import re
from collections.abc import Mapping
from typing import Any

from attrs import define, field, frozen
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import (
    Data,
    Epilogue,
    Field,
    File,
    MultipartDecoder,
    NeedData,
)

from sc.listeners.http.door import Door
from sc.listeners.http.envelope import from_json
from sc.listeners.http.errors import HttpError
from sc.listeners.http.message import values_of
from sc.listeners.http.request import HttpRequest
from sc.listeners.intake import Intake
from sc.model.message import Message
from sc.model.octets import Octets

MAX_PARTS = 32
MAX_FIELDS = 512 * 1024
"""Octets of all fields but the message: a thousand recipients."""

PIECE = 64 * 1024
MESSAGES = ("file", "text", "message")
"""Names of the part that is the message; the first that is not empty counts."""

_ENVELOPE = ("from", "ip", "port", "hostname", "helo", "user", "queue_id")

_BOUNDARY = re.compile(
    r';\s*boundary=(?:"([\x20-\x7e]{1,70})"|([^\s";,]{1,70}))', re.IGNORECASE
)


@frozen
class Form:
    """
    @ivar message: empty if the form has none.
    @ivar fields: the other parts, by name.
    """

    message: Octets
    fields: Mapping[str, str]


def boundary_of(content_type: str) -> bytes:
    """@raise HttpError: 400, there is none."""
    match = _BOUNDARY.search(content_type[:1000])
    if match is None:
        raise HttpError(400, "Content-Type: multipart/form-data needs a boundary")
    return (match[1] or match[2]).encode("utf-8")


def read_form(body: Octets, boundary: bytes, spool_dir: str | None) -> Form:
    """
    In a thread if the body is large: the parser looks at every octet.

    @raise HttpError: 400, what is wrong.
    """
    reading = _Reading(len(body), spool_dir)
    decoder = MultipartDecoder(boundary, MAX_FIELDS, max_parts=MAX_PARTS)
    try:
        for at in range(0, len(body), PIECE):
            decoder.receive_data(bytes(body[at : at + PIECE]))
            reading.take(decoder)
        decoder.receive_data(None)
        reading.take(decoder)
        return reading.form()
    except RequestEntityTooLarge:
        raise HttpError(400, "the form has too many or too large fields") from None
    except ValueError:
        raise HttpError(400, "not a whole multipart/form-data body") from None
    finally:
        reading.close()


@define
class _Reading:
    """What has come so far."""

    _limit: int
    _spool_dir: str | None
    _messages: dict[str, Intake] = field(factory=dict, init=False)
    _fields: dict[str, bytes] = field(factory=dict, init=False)
    _name: str = field(default="", init=False)
    _octets: int = field(default=0, init=False)

    def take(self, decoder: MultipartDecoder) -> None:
        """@raise ValueError: what came is no form, or does not end."""
        while not isinstance(event := decoder.next_event(), NeedData | Epilogue):
            if isinstance(event, File | Field):
                self._begin(event.name or "")
            elif isinstance(event, Data):
                self._more(event.data)

    def _begin(self, name: str) -> None:
        if name in self._messages or name in self._fields:
            raise HttpError(400, f"{name[:60]}: is given more than once")
        self._name = name
        if name in MESSAGES:
            self._messages[name] = Intake(self._limit, self._spool_dir)
        else:
            self._fields[name] = b""

    def _more(self, data: bytes) -> None:
        if self._name in MESSAGES:
            self._messages[self._name].write(data)
            return
        self._octets += len(data)
        if self._octets > MAX_FIELDS:
            raise RequestEntityTooLarge
        self._fields[self._name] += data

    def form(self) -> Form:
        """@raise ValueError: a field is not UTF-8."""
        sent = [self._messages[name] for name in MESSAGES if name in self._messages]
        message = next((one.finish() for one in sent if one.size), b"")
        fields = {name: text.decode("utf-8") for name, text in self._fields.items()}
        return Form(message, fields)

    def close(self) -> None:
        for intake in self._messages.values():
            intake.close()


async def form_message(door: Door, request: HttpRequest) -> Message:
    """
    @raise HttpError: 400, with the name of the field that is wrong.
    """
    boundary = boundary_of(values_of(request, "Content-Type")[0])
    body = request.take_body()
    sent = await door.offload(len(body), read_form, body, boundary, door.spool_dir)
    limit = door.settings.limits.recipients
    envelope = from_json(_envelope(sent.fields), limit)
    return Message(request.id, envelope, sent.message, door.name)


def _envelope(fields: Mapping[str, str]) -> dict[str, Any]:
    """A field that was left empty says nothing: the null sender is `<>` here."""
    told: dict[str, Any] = {
        name: fields[name].strip() for name in _ENVELOPE if fields.get(name, "").strip()
    }
    recipients = [line.strip() for line in fields.get("rcpt", "").splitlines()]
    return {**told, "rcpt": [one for one in recipients if one]}
