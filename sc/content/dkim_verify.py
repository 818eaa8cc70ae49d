"""Whether DKIM signatures are right, the keys being known. Pure CPU work."""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

import dkim
from attrs import frozen

from sc.content.dkim_key import PublicKey
from sc.content.dkim_message import can_relax, crlf, prepared, relaxed
from sc.content.dkim_signature import Signature
from sc.content.fields import RawField, header_end, read_fields
from sc.model.octets import Octets

MAX_OCTETS = 2 << 20
"""Of a message that is verified; a pass over more holds the interpreter too long."""

MAX_HEADER = 128 * 1024
"""Octets of its header section, which is canonicalised anew for each signature."""

MAX_FIELDS = 500
"""Its fields: for each that a signature covers, all are looked through."""

TOO_LARGE = "the message is too large to be verified"


class Result(Enum):
    """In the words of RFC 8601 2.7.1."""

    PASS = "pass"  # noqa: S105 a word, not a password
    NEUTRAL = "neutral"
    FAIL = "fail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@frozen
class KeyProblem:
    """
    Why there is no key.

    @ivar result: what its signatures come to: whether to ask again makes sense.
    """

    result: Result
    reason: str


@frozen
class Verified:
    """@ivar reason: why it did not pass; without a stranger's words."""

    signature: Signature
    result: Result
    reason: str = ""

    @property
    def passed(self) -> bool:
        return self.result is Result.PASS


def verify(
    content: Octets,
    signatures: Iterable[Signature],
    keys: Mapping[str, PublicKey | KeyProblem],
) -> tuple[Verified, ...]:
    """
    Each of the signatures; never raises.

    @param keys: by `Signature.key_name`, for all of them.
    """
    end, start = header_end(content)
    fields = read_fields(content, MAX_FIELDS + 1)
    too_large = len(content) > MAX_OCTETS or end > MAX_HEADER
    if too_large or len(fields) > MAX_FIELDS:
        return tuple(Verified(s, Result.PERMERROR, TOO_LARGE) for s in signatures)
    return tuple(_verified(fields, crlf(content[start:]), signatures, keys))


def _verified(
    fields: tuple[RawField, ...],
    body: bytes,
    signatures: Iterable[Signature],
    keys: Mapping[str, PublicKey | KeyProblem],
) -> Iterator[Verified]:
    for one in signatures:
        key = keys[one.key_name]
        if isinstance(key, KeyProblem):
            yield Verified(one, key.result, key.reason)
        elif reason := _misuse(one, key, body):
            yield Verified(one, Result.PERMERROR, reason)
        else:
            canonical = relaxed(body) if one.relaxed_body else body
            yield _by_dkimpy(one, key, fields, canonical)


def _misuse(signature: Signature, key: PublicKey, body: bytes) -> str:
    """What dkimpy does not look at; "" if it may."""
    if key.kind != signature.kind:
        return "its key is of another kind"
    if key.strict and signature.identity != signature.domain:
        return "its key is not for domains below"
    if signature.relaxed_body and not can_relax(body):
        return TOO_LARGE
    return ""


def _by_dkimpy(
    signature: Signature, key: PublicKey, fields: tuple[RawField, ...], body: bytes
) -> Verified:
    def record(_name: bytes, timeout: int) -> bytes:  # noqa: ARG001 dkimpy passes it
        return key.record

    try:
        right = prepared(fields, body).verify(signature.index, record)
    except dkim.ValidationError:
        return Verified(
            signature, Result.FAIL, "the message was changed, or it expired"
        )
    except Exception as e:  # noqa: BLE001 a library that strangers feed
        return Verified(signature, Result.PERMERROR, f"unreadable ({type(e).__name__})")
    if not right:
        return Verified(signature, Result.FAIL, "the message was changed")
    if key.testing:
        # RFC 6376 3.6.1: then the mail counts as unsigned.
        return Verified(signature, Result.NEUTRAL, "its signer only tries DKIM")
    return Verified(signature, Result.PASS)
