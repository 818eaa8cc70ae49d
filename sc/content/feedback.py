"""Feedback reports (RFC 5965) about mail of ours: what somebody disliked. Pure."""

import re
from collections.abc import Iterator

from attrs import frozen

from sc.content.fields import read_fields, text
from sc.content.media import Media
from sc.content.mime import Limits, read
from sc.model.octets import Octets

LIMITS = Limits(octets=1 << 20, parts=10, depth=1, part=256 << 10, decoded=512 << 10)
"""Depth: the message that it brings back stays whole."""

MAX_IDS = 5
"""Messages of one report; there is one, and anybody can write more."""

FEEDBACK = "message/feedback-report"
_RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers")
_ID = re.compile(r"[a-z0-9]{10,32}")


@frozen
class Feedback:
    """
    @ivar kind: Feedback-Type, such as `abuse`; "" if it is not told.
    @ivar ids: ours, of the messages that it brings back (`X-SC-Id`). Only who has got
        such a message can know it.
    """

    kind: str
    ids: tuple[str, ...]


def read_feedback(content: Octets) -> Feedback | None:
    """None: it is no feedback report."""
    parts = read(content, LIMITS, _wanted).parts
    told = next((p.payload for p in parts if p.content_type == FEEDBACK), None)
    if told is None:
        return None
    returned = (p.payload for p in parts if p.content_type in _RETURNED)
    ids = dict.fromkeys(found for octets in returned for found in _ids(octets))
    kind = next(_values(told, "feedback-type"), "")
    return Feedback(kind.strip().lower()[:40], tuple(ids)[:MAX_IDS])


def _wanted(media: Media) -> bool:
    return media.type == FEEDBACK or media.type in _RETURNED


def _ids(octets: bytes) -> Iterator[str]:
    values = (value.strip() for value in _values(octets, "x-sc-id"))
    return (value for value in values if _ID.fullmatch(value))


def _values(octets: bytes, name: str) -> Iterator[str]:
    fields = read_fields(octets)
    return (text(f.value[:200]) for f in fields if f.name.lower() == name)
