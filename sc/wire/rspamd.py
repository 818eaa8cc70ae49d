"""rspamd's scan protocol, the client's side: `POST /checkv2` and `GET /ping`.

Only status 200 with an `action` is a result: rspamd answers `{}` and 503 with
`{"error": ...}`, and takes an empty message for a clean one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeAlias

from attrs import frozen

from sc.model.envelope import Envelope
from sc.model.octets import Octets
from sc.wire import http_client
from sc.wire.http_client import ProtocolError, Request
from sc.wire.json_reply import is_number, read_object

PING = Request("GET", "/ping", "localhost")
PONG_LIMIT = 4096

REPLY_LIMIT = 4 << 20
"""Octets of a reply: it also lists the hosts of all links, which a sender may make
many of, and then his message must not go unscanned."""

MAX_RECIPIENTS = 100
MAX_SYMBOLS = 500
MAX_OPTIONS = 8
MAX_OPTION = 128
MAX_NAME = 80
MAX_SCORE = 1e6

# A comma would be two recipients for rspamd, angle brackets are ours.
_ADDRESS = re.compile(r"[^\x00-\x20\x7f-\x9f<>,\ud800-\udfff]{1,320}")
_WORD = re.compile(r"[\x21-\x7e]{1,255}")
_ACTION = re.compile(r"[a-z][a-z0-9 _-]{0,31}")
_NOT_NAME = re.compile(r"[^A-Z0-9_]")
_NOT_SHOWN = re.compile(r"[^\x20-\x7e]")


@frozen
class Hit:
    """
    A symbol of rspamd.

    @ivar name: `[A-Z0-9_]` only.
    @ivar options: at most `MAX_OPTIONS` of printable ASCII.
    """

    name: str
    score: float
    options: tuple[str, ...] = ()
    description: str = ""


@frozen
class Result:
    """
    @ivar action: in rspamd's words; a site can have some of its own.
    @ivar required: the score that rspamd rejects at; None: no score does.
    @ivar is_skipped: it did not look at everything, by its settings or after GTUBE.
    """

    action: str
    score: float
    required: float | None = None
    is_skipped: bool = False
    hits: tuple[Hit, ...] = ()
    content: bytes = b""


@frozen
class Refused:
    """
    rspamd says itself that it could not scan this message.

    @ivar text: in its words, printable ASCII.
    """

    status: int
    text: str


Reply: TypeAlias = Result | Refused


def request(content: Octets, envelope: Envelope) -> Iterable[bytes]:
    """
    The message with what rspamd may know of its envelope.

    Only these fields: `File`, `Path` and `Shm` make rspamd read local files, and
    `Settings` switches its checks off.
    """
    assert len(content), "rspamd takes an empty message for a clean one"
    fields = tuple(_fields(envelope))
    return http_client.request(
        Request("POST", "/checkv2", "localhost", fields, content)
    )


def parse_pong(octets: bytes) -> None:
    """
    @raise ProtocolError: not the answer to a ping.
    """
    reply = http_client.parse_reply(octets)
    if reply.status != 200 or reply.content.strip() != b"pong":
        raise ProtocolError("it does not answer a ping with pong")


def read_reply(reply: http_client.Reply) -> Reply:
    """
    @raise ProtocolError: neither a result nor rspamd's own error.
    """
    try:
        told = read_object(reply.content)
    except ValueError as e:
        raise ProtocolError(f"status {reply.status}, and not its JSON") from e
    if isinstance(told.get("error"), str):
        return Refused(reply.status, _shown(told["error"]))
    if reply.status != 200:
        raise ProtocolError(f"status {reply.status} without a reason")
    return _result(told, reply.content)


def _fields(envelope: Envelope) -> Iterator[tuple[str, str]]:
    """What a stranger wrote in a way that no field can hold is left out."""
    if envelope.client_ip is not None:
        yield "IP", str(envelope.client_ip)
    words = {
        "Helo": envelope.helo,
        "Hostname": envelope.client_name,
        "Queue-Id": envelope.queue_id,
    }
    yield from ((n, v) for n, v in words.items() if v and _WORD.fullmatch(v))
    if envelope.user and _ADDRESS.fullmatch(envelope.user):
        yield "User", envelope.user
    if envelope.sender == "" or _is_address(envelope.sender):
        yield "From", f"<{envelope.sender}>"
    for recipient in envelope.recipients[:MAX_RECIPIENTS]:
        if _is_address(recipient):
            yield "Rcpt", f"<{recipient}>"


def _is_address(text: str | None) -> bool:
    return text is not None and _ADDRESS.fullmatch(text) is not None


def _result(told: Mapping[str, Any], content: bytes) -> Result:
    action, symbols = told.get("action"), told.get("symbols", {})
    if not isinstance(action, str) or not _ACTION.fullmatch(action):
        raise ProtocolError("the reply has no action")
    if not isinstance(symbols, dict):
        raise ProtocolError("the reply's symbols are none")
    required = told.get("required_score")
    hits = islice(symbols.items(), MAX_SYMBOLS)
    return Result(
        action,
        _score(told.get("score")),
        None if required is None else _score(required),
        told.get("is_skipped") is True,
        tuple(_hit(name, value) for name, value in hits),
        content,
    )


def _hit(name: str, value: object) -> Hit:
    if not name or not isinstance(value, dict):
        raise ProtocolError("the reply has a symbol that is none")
    options = value.get("options")
    texts = options[:MAX_OPTIONS] if isinstance(options, list) else ()
    return Hit(
        _NOT_NAME.sub("_", name[:MAX_NAME].upper()),
        _score(value.get("score")),
        tuple(_shown(text) for text in texts if isinstance(text, str)),
        _shown(value.get("description")),
    )


def _score(value: Any) -> float:
    if not is_number(value) or abs(value) > MAX_SCORE:
        raise ProtocolError("the reply has a score that is no number")
    return float(value)


def _shown(text: Any) -> str:
    return _NOT_SHOWN.sub("?", text[:MAX_OPTION]) if isinstance(text, str) else ""
