"""Bounces that only people were meant to read: no `message/delivery-status` in them.

qmail's QSBMF, Exim before 4.86 and its X-Failed-Recipients, Exchange 2003 and its kin.
Only what an MTA is known to write counts as one: a desk's vacation note with "failed"
in it must not. Pure and bounded.
"""

import re
from collections.abc import Mapping

from sc.content.dsn import Action, RecipientStatus, enhanced_status, one_line

MAX_TEXT = 16 * 1024
"""Characters in which the reason is looked for; then comes the message itself."""

MAX_OPENING = 600
"""Characters in which an MTA says that it is one; a spam that an answer quotes, and
that imitates a bounce, comes later."""

# Opening sentences of MTAs; each is a literal, so the search is one pass.
_FAILED = re.compile(
    r"This is the qmail-send program"
    r"|A message that you (?:have )?sent could not be delivered"
    r"|This message was created automatically by mail delivery software"
    r"|Your message did not reach some or all of the intended recipients"
    r"|Delivery has failed to these recipients"
    r"|Delivery to the following recipients? failed"
    r"|could not be delivered to one or more recipients"
    r"|The following addresses had permanent fatal errors"
    r"|The following recipient\(s\) cannot be reached"
    r"|Undeliverable message returned to sender",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"THIS IS A WARNING MESSAGE ONLY|will be retried|will continue to be attempted"
    r"|has not (?:yet )?been delivered|not been delivered to one or more",
    re.IGNORECASE,
)
_COPY = re.compile(r"^--+ ?(?:Below this line is|This is) a copy of", re.MULTILINE)
_CODE = re.compile(r"(?:^|[\s#:<])(5\d\d[ -][^\n]{1,300})", re.MULTILINE)
_ADDRESS = re.compile(r"[^\s<>,;:\"()]{1,64}@[A-Za-z0-9.-]{1,255}")


def read_bounce_text(words: str, fields: Mapping[str, str]) -> RecipientStatus | None:
    """
    What a text says about a delivery; None if no MTA that we know wrote it.

    @param fields: of the message, by lower-case name.
    """
    words = words[:MAX_TEXT]
    copy = _COPY.search(words)
    words = words[: copy.start()] if copy else words
    listed = fields.get("x-failed-recipients", "")
    opening = _FAILED.search(words, 0, MAX_OPENING)
    if not (listed or opening):
        return None
    if _DELAYED.search(words):
        return RecipientStatus(Action.DELAYED)
    rest = words[opening.end() :] if opening else words
    reply = _CODE.search(rest)
    diagnostic = one_line(reply[1] if reply else rest)
    return RecipientStatus(
        Action.FAILED,
        tuple(a.lower() for a in _ADDRESS.findall(listed or rest)[:10]),
        enhanced_status(diagnostic) or enhanced_status(rest),
        diagnostic,
    )
