"""DMARC records, as strangers publish them, and what they ask for (RFC 7489 6)."""

import re
from collections.abc import Iterable
from enum import Enum
from hashlib import sha256

from attrs import frozen

from sc.content.domains import registered
from sc.content.fields import RawField

MAX_RECORD = 2048
"""Octets; with ten addresses for reports, real ones have 500."""

MAX_TAGS = 50
"""RFC 7489 6.3 knows eleven."""

# RFC 7489 6.4: the version comes first, and is written so.
_VERSION = re.compile(rb"[ \t]*v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s,]")
_PERCENT = re.compile(r"100|[0-9]{1,2}")
_TOLD_APART = ("from", "date", "message-id", "subject")


class RecordError(Exception):
    """The record cannot be used; the text says why, without its words."""


class Policy(Enum):
    """What the owner of a domain wants done with what is not his."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"

    @property
    def milder(self) -> "Policy":
        """For what the owner leaves out of his sample (RFC 7489 6.6.4)."""
        reject = self is Policy.REJECT
        return Policy.QUARANTINE if reject else Policy.NONE


@frozen
class Record:
    """
    @ivar policy: for the domain at which it was found.
    @ivar subdomains: for those below it.
    @ivar strict_dkim: the signing domain must be the author's, not a relative.
    @ivar strict_spf: so must the domain that SPF asked.
    @ivar percent: of the failing messages, to which the policy applies.
    """

    policy: Policy
    subdomains: Policy
    strict_dkim: bool = False
    strict_spf: bool = False
    percent: int = 100


def select(texts: Iterable[bytes]) -> bytes | None:
    """
    The DMARC record among the TXT records of a name (RFC 7489 6.6.3).

    @raise RecordError: there are several.
    """
    found = [text for text in texts if _VERSION.match(text)]
    if len(found) > 1:
        raise RecordError("there are several records")
    return found[0] if found else None


def read_record(text: bytes) -> Record:
    """@raise RecordError: it says nothing that can be used."""
    tags = _tags(text)
    try:
        policy = Policy(tags["p"].lower())
        subdomains = Policy(tags.get("sp", policy.value).lower())
    except (KeyError, ValueError):
        # RFC 7489 6.6.3: whoever wants reports only is taken at that word.
        if not _URI.match(tags.get("rua", "").lower()):
            raise RecordError("it has no policy") from None
        policy = subdomains = Policy.NONE
    # Whatever else is wrong has its default (RFC 7489 6.3).
    percent = tags.get("pct", "100")
    return Record(
        policy,
        subdomains,
        strict_dkim=tags.get("adkim", "r").lower() == "s",
        strict_spf=tags.get("aspf", "r").lower() == "s",
        percent=int(percent) if _PERCENT.fullmatch(percent) else 100,
    )


def _tags(text: bytes) -> dict[str, str]:
    if len(text) > MAX_RECORD:
        raise RecordError("it is too long")
    words = text.decode("latin-1").split(";")
    if len(words) > MAX_TAGS:
        raise RecordError("it has too many tags")
    tags: dict[str, str] = {}
    for word in words:
        name, equals, value = (part.strip() for part in word.partition("="))
        if equals and name.lower() in tags:
            raise RecordError("it has a tag twice")
        if equals:
            tags[name.lower()] = value
    return tags


def aligned(domain: str, author: str, *, strict: bool) -> bool:
    """
    RFC 7489 3.1: whether who was authenticated may speak for the author's domain.

    Both in lower case, in A-labels.
    """
    return domain == author or (not strict and registered(domain) == registered(author))


def is_sampled(fields: Iterable[RawField], percent: int) -> bool:
    """
    Whether the policy applies to this message (`pct`): at every node, through every
    door and at each retry the same answer, so no dice, and no trace fields.

    A stranger can write what is not sampled; his mail then has the milder policy
    that the owner himself grants to some of it.
    """
    digest = sha256()
    for field in fields:
        if field.name.lower() in _TOLD_APART:
            digest.update(field.value)
    return int.from_bytes(digest.digest()[:8], "big") % 100 < percent
