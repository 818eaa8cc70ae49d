"""CFBL-Address: where the sender of a message wants complaints to go (RFC 9477).

Anybody can write the field. It counts only if a DKIM signature of its own domain, and
one of the author's, say that they agree.
"""

import re
from collections.abc import Iterable

from attrs import frozen

from sc.content.dkim_signature import Signature
from sc.content.fields import RawField, text
from sc.content.urls import within

MAX_VALUE = 900
"""Octets of a field that are read: what fits in a line of a report."""

_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,20}[A-Za-z0-9-]{2,63}"
_ADDRESS = re.compile(
    rf"([A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.-]{{1,64}}@({_DOMAIN}))"
    r"\s*(?:;\s*report\s*=\s*(?:arf|xarf)\s*)?;?",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"(?>(?:[^"\\]|\\.)*)"')
_COMMENT = re.compile(r"\([^()]*+\)")
_AUTHOR = re.compile(rf"(?:[^<>]*+<\s*)?[^\s<>@]*@({_DOMAIN})\s*>?")
_FEEDBACK_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~:.-]*")


@frozen
class Claim:
    """
    What a message says of itself. Domains are in lower case.

    @ivar address: where complaints should go.
    @ivar domain: of that address.
    @ivar author: the domain of the address in From.
    @ivar feedback_id: CFBL-Feedback-ID without its blanks, or "".
    """

    address: str
    domain: str
    author: str
    feedback_id: str = ""

    @property
    def covered(self) -> frozenset[str]:
        """The fields that a signature must cover (RFC 9477 3.1.4)."""
        identified = {"cfbl-feedback-id"} if self.feedback_id else set()
        return frozenset({"from", "cfbl-address"} | identified)


def read_claim(fields: Iterable[RawField]) -> Claim | None:
    """
    None without one, or with one that readers may take in two ways: a signature
    covers the lowest of several fields, and people see the highest.
    """
    found: dict[str, list[bytes]] = {}
    for raw in fields:
        found.setdefault(raw.name.lower(), []).append(raw.value)
    if len(found.get("cfbl-address", ())) != 1 or len(found.get("from", ())) != 1:
        return None
    feedback_ids = found.get("cfbl-feedback-id", [b""])
    address = _ADDRESS.fullmatch(_value(found["cfbl-address"][0]))
    author = _author(_value(found["from"][0]))
    if address is None or not author or len(feedback_ids) > 1:
        return None
    feedback_id = "".join(_value(feedback_ids[0]).split())
    if not _FEEDBACK_ID.fullmatch(feedback_id):
        return None
    return Claim(address[1], address[2].lower(), author, feedback_id)


def worth_verifying(
    claim: Claim, signatures: Iterable[Signature]
) -> tuple[Signature, ...]:
    """Those on which it may depend."""
    return tuple(
        one
        for one in signatures
        if not one.partial
        and (_speaks_for(one, claim.author) or _speaks_for(one, claim.domain))
    )


def is_granted(claim: Claim, right: Iterable[Signature]) -> bool:
    """
    RFC 9477 3.1: the author's domain signed the field; or, where the address is a
    third party's, that one did, and the author's domain the message.

    @param right: signatures that were verified, of those `worth_verifying`.
    """
    known = tuple(right)
    covering = [one for one in known if claim.covered <= one.signed]
    if within(claim.domain, claim.author):
        return any(_speaks_for(one, claim.author) for one in covering)
    # A provider who gets signed mail adds the field, which that signature then
    # cannot cover (3.1.3).
    return any(_speaks_for(one, claim.domain) for one in covering) and any(
        _speaks_for(one, claim.author) for one in known
    )


def _speaks_for(signature: Signature, domain: str) -> bool:
    """By the same domain or one above it, whose owner could sign with it as well."""
    return within(domain, signature.domain)


def _value(raw: bytes) -> str:
    value = text(raw[: MAX_VALUE + 1])
    return value if len(raw) <= MAX_VALUE else ""


def _author(value: str) -> str:
    """The domain of the only mailbox in From, or ""."""
    rest = _COMMENT.sub("", _QUOTED.sub("", value)).strip()
    if any(sign in rest for sign in ",;:"):
        return ""  # Several mailboxes, or a group.
    match = _AUTHOR.fullmatch(rest)
    return match[1].lower() if match else ""
