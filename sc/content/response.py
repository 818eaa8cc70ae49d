"""What comes back for a mail of ours: a bounce, a vacation note, a ticket, an answer.

Pure and bounded: the first megabyte is read, whatever its size and nesting.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from itertools import islice

from attrs import frozen

from sc.content import charset
from sc.content.bounce_text import read_bounce_text
from sc.content.dsn import (
    TYPES,
    Action,
    DeliveryStatus,
    RecipientStatus,
    one_line,
    read_delivery_status,
)
from sc.content.fields import RawField, text
from sc.content.media import Media, decoded_words
from sc.content.mime import Document, Limits, read, text_parts
from sc.content.returned import returned_sections
from sc.content.ticket import form, ticket
from sc.model.octets import Octets

LIMITS = Limits(octets=1 << 20, parts=50, depth=10, part=256 << 10, decoded=1 << 20)
"""An answer is a page; a 30 MB bounce brings our own mail back, and its head tells."""

MAX_SUBJECT = 500
MAX_VALUE = 4096
"""Octets of a field that are read."""

MAX_TEXT = 16 * 1024
"""Octets of the text; an answer's words come first, what it quotes follows."""

MAX_IDS = 50
"""Message-IDs in References; a thread that long is no answer."""

MAX_SHOWN = 2000
"""Characters of an answer that are kept."""

# No control characters: a store may refuse them, and the message would come for ever.
_ID = re.compile(r"<[^<>\s@\x00-\x1f]{1,250}@[^<>\s@\x00-\x1f]{1,250}>")
_MTAS = ("mailer-daemon@", "postmaster@", "mdaemon@")
_AUTOMATIC_PRECEDENCE = ("auto_reply", "auto-reply", "bulk", "junk", "list")
_AUTOMATIC_FIELDS = ("x-autoreply", "x-autorespond", "x-auto-reply")
_AUTOMATIC_SUBJECT = re.compile(
    r"\s*(?:auto(?:matic)?[ -]?(?:reply|response)|out of (?:the )?office|"
    r"autoreply|abwesenheits|automatische antwort|r[e\u00e9]ponse automatique)",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]{0,500}>")
_ADDRESS = re.compile(r"[^\s<>,;:\"()@\x00-\x1f]{1,64}@[A-Za-z0-9.-]{1,255}")


class Kind(Enum):
    """What a message is to the report that it is about."""

    STATUS = "status"
    FEEDBACK = "feedback"
    AUTOMATIC = "automatic"
    ANSWER = "answer"


@frozen
class Response:
    """
    @ivar statuses: of the recipients; only of `Kind.STATUS`.
    @ivar sender: the address in From; "" without one.
    @ivar ticket: the number under which the desk keeps our report, as it writes it.
    @ivar form: a web page where the desk wants its reports.
    @ivar words: the beginning of its text.
    @ivar message_ids: those that it names, with angle brackets.
    @ivar envelope_id: ours, if a DSN tells it.
    @ivar returned: header sections of what it brings back.
    """

    kind: Kind
    statuses: tuple[RecipientStatus, ...] = ()
    sender: str = ""
    subject: str = ""
    ticket: str = ""
    form: str = ""
    words: str = ""
    message_ids: tuple[str, ...] = ()
    envelope_id: str = ""
    returned: tuple[tuple[RawField, ...], ...] = ()

    def fate(self, recipient: str) -> RecipientStatus | None:
        """
        What became of our mail to `recipient`: delivered to anybody counts more than
        failed for somebody, because a desk is often a list of people.
        """
        named = [s for s in self.statuses if recipient.lower() in s.recipients]
        told = {status.action: status for status in reversed(named or self.statuses)}
        order = (*_WELL, Action.FAILED, Action.DELAYED)
        return next((told[action] for action in order if action in told), None)


_WELL = (Action.DELIVERED, Action.RELAYED, Action.EXPANDED)


def read_response(content: Octets, *, null_sender: bool) -> Response:
    """
    @param null_sender: its reverse-path is empty, so an MTA or an automaton wrote it.
    """
    document = read(content, LIMITS, _wanted)
    fields = _by_name(document.fields)
    subject = one_line(decoded_words(fields.get("subject", ""))[:MAX_SUBJECT])
    words = _words(document)
    sender = _address(fields.get("from", ""))
    mta = null_sender or sender.startswith(_MTAS)
    status = _status(document, fields, words, mta=mta)
    returned = tuple(returned_sections(content[: LIMITS.octets], document))
    return Response(
        kind=Kind.STATUS if status.recipients else _kind(fields, subject, mta=mta),
        statuses=status.recipients,
        sender=sender,
        subject=subject,
        ticket="" if status.recipients else ticket(subject, words),
        form=form(words[:MAX_TEXT]),
        words=_shown(words),
        message_ids=tuple(_message_ids(fields, returned)),
        envelope_id=status.envelope_id,
        returned=returned,
    )


def _wanted(media: Media) -> bool:
    return media.type.startswith(("text/", "message/"))


def _by_name(fields: Iterable[RawField]) -> dict[str, str]:
    found: dict[str, str] = {}
    for field in fields:
        found.setdefault(field.name.lower(), text(field.value[:MAX_VALUE]))
    return found


def _status(
    document: Document, fields: Mapping[str, str], words: str, *, mta: bool
) -> DeliveryStatus:
    """Only the part of a report that is one: any message can carry such a part."""
    kind = fields.get("content-type", "").lower()
    if kind.startswith("multipart/report") and "delivery-status" in kind:
        parts = (part for part in document.parts if part.content_type in TYPES)
        part = next(parts, None)
        return read_delivery_status(part.payload if part else b"")
    if not mta or (_is_automatic(fields) and "x-failed-recipients" not in fields):
        return DeliveryStatus(())
    found = read_bounce_text(words, fields)
    return DeliveryStatus((found,) if found else ())


def _kind(fields: Mapping[str, str], subject: str, *, mta: bool) -> Kind:
    """@param mta: no person wrote it; a bounce in words that we do not know."""
    kind = fields.get("content-type", "").lower()
    if kind.startswith("multipart/report") and "feedback-report" in kind:
        return Kind.FEEDBACK
    if mta or kind.startswith("multipart/report") or _is_automatic(fields):
        return Kind.AUTOMATIC  # a read receipt, or a report that tells nothing
    return Kind.AUTOMATIC if _AUTOMATIC_SUBJECT.match(subject) else Kind.ANSWER


def _is_automatic(fields: Mapping[str, str]) -> bool:
    """RFC 3834 5, and what was used before it."""
    submitted = fields.get("auto-submitted", "no").strip().lower()
    precedence = fields.get("precedence", "").strip().lower()
    return (
        not submitted.startswith("no")
        or precedence in _AUTOMATIC_PRECEDENCE
        or any(name in fields for name in _AUTOMATIC_FIELDS)
    )


def _words(document: Document) -> str:
    """The first text; of HTML what stands between the tags."""
    parts = [part for part in text_parts(document) if part.payload.strip()]
    plain = [part for part in parts[:2] if part.content_type == "text/plain"]
    for part in (plain or parts)[:1]:
        html = part.content_type == "text/html"
        words = charset.decode(part.payload[:MAX_TEXT], part.charset, html=html)
        return _TAG.sub(" ", words).strip() if html else words.strip()
    return ""


def _shown(words: str) -> str:
    kept = words[:MAX_SHOWN]
    return "".join(c if c.isprintable() or c in "\n\t" else " " for c in kept)


def _message_ids(
    fields: Mapping[str, str], returned: Iterable[tuple[RawField, ...]]
) -> Iterator[str]:
    """What it answers first, then the rest of the thread, then what it brings back."""
    thread = [fields.get("in-reply-to", ""), fields.get("references", "")]
    back = [_by_name(section).get("message-id", "") for section in returned]
    found = dict.fromkeys(i for value in (*thread, *back) for i in _ID.findall(value))
    yield from islice(found, MAX_IDS)


def _address(value: str) -> str:
    """The last address of the value: the display name may look like one."""
    found = _ADDRESS.findall(value[-MAX_VALUE:])
    return found[-1].lower() if found else ""
