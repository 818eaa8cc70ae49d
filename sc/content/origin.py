"""What is odd about who a message says that it is from, and when (RFC 5322 3.6)."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum

from sc.content.domains import registered
from sc.content.fields import RawField, text
from sc.content.mailboxes import Mailbox, read_mailboxes
from sc.content.scripts import mixed


class Oddity(Enum):
    """Each with a sentence for people."""

    NO_DATE = "it has no Date"
    BAD_DATE = "its Date cannot be read"
    FUTURE_DATE = "its Date is more than a day ahead"
    NO_MESSAGE_ID = "it has no Message-ID"
    BAD_MESSAGE_ID = "its Message-ID is none"
    NO_FROM = "it has no From"
    BAD_FROM = "its From has no address"
    SEVERAL_FROM = "it has several From fields"
    NO_SENDER = "several authors and no Sender"
    REPEATED = "it repeats a field that may stand once"
    OTHER_ADDRESS = "the name in From is an address elsewhere"
    MIXED_NAME = "the name in From mixes alphabets"
    HIDDEN_NAME = "the name in From has its letters turned round"


ONCE = ("date", "message-id", "reply-to", "sender", "subject", "to", "cc")
"""RFC 5322 3.6; `From` has an oddity of its own."""

TOLERANCE = timedelta(days=1)
"""A clock in a wrong time zone is no forgery."""

_MAX_DATE = 100
_MAX_ID = 998  # RFC 5322 2.1.1, the longest line
_ID = re.compile(r"<[^<>\s@]+@[^<>\s@]+>")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})")
_WORD = re.compile(r"\w++")
# U+202D and U+202E: `moc.elpmaxe` is shown as another name than it is.
_OVERRIDES = re.compile("[\u202d\u202e]")


def find_oddities(fields: Sequence[RawField], now: datetime) -> tuple[Oddity, ...]:
    """Each once; never raises."""
    values: dict[str, bytes] = {}
    counts = Counter(field.name.lower() for field in fields)
    for field in fields:
        values.setdefault(field.name.lower(), field.value)
    found = [
        *_of_date(values.get("date"), now),
        *_of_id(values.get("message-id")),
        *_of_from(values, counts["from"]),
    ]
    if any(counts[name] > 1 for name in ONCE):
        found.append(Oddity.REPEATED)
    return tuple(found)


def _of_date(value: bytes | None, now: datetime) -> Iterator[Oddity]:
    if value is None:
        yield Oddity.NO_DATE
        return
    moment = read_date(value)
    if moment is None:
        yield Oddity.BAD_DATE
    elif moment - now > TOLERANCE:
        yield Oddity.FUTURE_DATE


def read_date(value: bytes) -> datetime | None:
    """RFC 5322 3.3; None if it cannot be read."""
    try:
        moment = parsedate_to_datetime(text(value[:_MAX_DATE]))
        # "-0000": the time is UTC, the zone is not told.
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _of_id(value: bytes | None) -> Iterator[Oddity]:
    if value is None:
        yield Oddity.NO_MESSAGE_ID
    elif not _ID.fullmatch(text(value[:_MAX_ID])):
        yield Oddity.BAD_MESSAGE_ID


def _of_from(values: dict[str, bytes], count: int) -> Iterator[Oddity]:
    if not count:
        yield Oddity.NO_FROM
        return
    mailboxes = read_mailboxes(values["from"])
    if count > 1:
        yield Oddity.SEVERAL_FROM
    if not any(mailbox.domain for mailbox in mailboxes):
        yield Oddity.BAD_FROM
    elif len(mailboxes) > 1 and "sender" not in values:
        yield Oddity.NO_SENDER
    oddities = [oddity for mailbox in mailboxes for oddity in _of_name(mailbox)]
    yield from dict.fromkeys(oddities)


def _of_name(mailbox: Mailbox) -> Iterator[Oddity]:
    shown = {registered(d.lower()) for d in _ADDRESS.findall(mailbox.name)}
    if mailbox.domain and shown - {registered(mailbox.domain)}:
        yield Oddity.OTHER_ADDRESS
    if any(map(mixed, _WORD.findall(mailbox.name))):
        yield Oddity.MIXED_NAME
    if _OVERRIDES.search(mailbox.name):
        yield Oddity.HIDDEN_NAME
