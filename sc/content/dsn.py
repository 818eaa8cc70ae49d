"""Delivery status notifications as their `message/delivery-status` part tells them.

RFC 3464, and RFC 6533 for addresses beyond ASCII. Pure, bounded, never raises: what a
stranger's MTA wrote wrongly is left out.
"""

import re
from collections.abc import Iterable
from enum import Enum

from attrs import frozen

from sc.content.fields import MAX_FIELDS, iter_fields, text

TYPES = ("message/delivery-status", "message/global-delivery-status")

MAX_RECIPIENTS = 100
"""Groups that are read; a report of ours has one recipient."""

MAX_OCTETS = 128 * 1024
"""Of the part: a group is some hundred octets."""

MAX_TEXT = 500
"""Characters of a diagnostic that are kept."""

_GROUP_END = re.compile(rb"\n[ \t\r]*\n")
_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?!\d)", re.ASCII)
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])", re.ASCII)


class Action(Enum):
    """RFC 3464 2.3.3; `relayed` and `expanded` end what an MTA can tell, well."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@frozen
class RecipientStatus:
    """
    One recipient's fate.

    @ivar recipients: the final and the original address, those that are told.
    @ivar status: RFC 3463, such as `5.1.1`; "" if none is told.
    @ivar diagnostic: the words of the host that refused it, on one line.
    """

    action: Action
    recipients: tuple[str, ...] = ()
    status: str = ""
    diagnostic: str = ""

    def is_about(self, recipient: str) -> bool:
        """False if it is about somebody to whom `recipient` hands its mail on."""
        return not self.recipients or self.recipients[0] == recipient.lower()

    @property
    def reason(self) -> str:
        """The diagnostic, and before it the status, unless it names that one first."""
        if enhanced_status(self.diagnostic) == self.status:
            return self.diagnostic
        return f"{self.status} {self.diagnostic}".strip()


@frozen
class DeliveryStatus:
    """@ivar envelope_id: what we gave as ENVID (RFC 3461 4.4); "" if not told."""

    recipients: tuple[RecipientStatus, ...]
    envelope_id: str = ""


def read_delivery_status(payload: bytes) -> DeliveryStatus:
    """The fields of the message, then those of each recipient."""
    groups = _GROUP_END.split(payload[:MAX_OCTETS].lstrip(), MAX_RECIPIENTS + 1)
    read = [_fields(group) for group in groups[: MAX_RECIPIENTS + 1]]
    told = (_recipient(fields) for fields in read)
    return DeliveryStatus(
        tuple(recipient for recipient in told if recipient),
        one_line(read[0].get("original-envelope-id", "")),
    )


def enhanced_status(words: str) -> str:
    """The first enhanced status code (RFC 3463) in an MTA's words, or ""."""
    match = _ENHANCED.search(words)
    return match[1] if match else ""


def _fields(group: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    fields = zip(range(MAX_FIELDS), iter_fields(group), strict=False)
    for _, field in fields:
        # Twice as much as is kept: the type before the semicolon goes.
        found.setdefault(field.name.lower(), text(field.value[: 2 * MAX_TEXT]))
    return found


def _recipient(fields: dict[str, str]) -> RecipientStatus | None:
    """None for a group that is about no recipient, or tells nothing of its fate."""
    action = _action(fields.get("action", ""))
    if action is None:
        return None
    given = (fields.get("final-recipient", ""), fields.get("original-recipient", ""))
    diagnostic = one_line(_typed(fields.get("diagnostic-code", "")))
    status = _status(fields.get("status", ""), diagnostic)
    return RecipientStatus(action, _addresses(given), status, diagnostic)


def _status(value: str, diagnostic: str) -> str:
    """Exim writes 5.0.0 whatever the host said: then the host's own words count."""
    match = _STATUS.match(value)
    status, said = match[1] if match else "", enhanced_status(diagnostic)
    return said if said and status in ("", f"{said[0]}.0.0") else status


def _action(value: str) -> Action | None:
    # RFC 3464 allows a comment behind the word, and qmail's kin write one.
    word = re.split(r"[\s(;]", value.strip().lower(), maxsplit=1)[0]
    try:
        return Action(word)
    except ValueError:
        return None


def _addresses(values: Iterable[str]) -> tuple[str, ...]:
    found = (_typed(value).strip("<> ").lower() for value in values)
    return tuple(dict.fromkeys(address for address in found if "@" in address))


def _typed(value: str) -> str:
    """What stands behind `rfc822;`, `smtp;`, `utf-8;`; RFC 3464 2.1.2."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and len(kind) < 20 else value.strip()


def one_line(words: str, limit: int = MAX_TEXT) -> str:
    """Printable, on one line, within a bound: it goes to logs and lists."""
    shown = "".join(c if c.isprintable() else " " for c in words[: 2 * limit])
    return " ".join(shown.split())[:limit].rstrip()
