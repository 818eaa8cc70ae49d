"""ARC sets: who handled a message on its way, and what he found (RFC 8617)."""

import re
from collections.abc import Iterable, Mapping

from attrs import field, frozen

from sc.content.authserv import MAX_RESULTS_VALUE, read_results
from sc.content.dkim_signature import (
    ALGORITHMS,
    MAX_NAMES,
    are_names,
    read_tags,
    signed_names,
)
from sc.content.fields import RawField
from sc.model.authentication import Authentication

MAX_INSTANCES = 50
"""RFC 8617 4.2.1: a longer chain has failed."""

RESULTS = "arc-authentication-results"
SIGNATURE = "arc-message-signature"
SEAL = "arc-seal"
_KINDS = (RESULTS, SIGNATURE, SEAL)

_INSTANCE = re.compile(rb"\s*i\s*=\s*([1-9][0-9]?)\s*;")


class ChainError(Exception):
    """The chain has failed, before any signature is looked at; the text says why."""


@frozen
class Signed:
    """
    An ARC-Message-Signature or an ARC-Seal.

    @ivar tags: as they stand in it.
    @ivar kind: of the key that it needs.
    """

    raw: RawField = field(repr=False)
    tags: Mapping[bytes, bytes] = field(repr=False)
    domain: str
    selector: str
    kind: str

    @property
    def key_name(self) -> str:
        """Where in DNS its key is."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def covers(self) -> tuple[bytes, ...]:
        return signed_names(dict(self.tags))


@frozen
class ArcSet:
    """What one handler added."""

    results: RawField = field(repr=False)
    signature: Signed
    seal: Signed

    @property
    def found(self) -> tuple[Authentication, ...]:
        """What he says that he found."""
        return tuple(read_results(self.results.value))


@frozen
class Chain:
    """@ivar sets: the oldest first."""

    sets: tuple[ArcSet, ...]

    @property
    def sealers(self) -> tuple[str, ...]:
        """The domains, the newest first, each once."""
        return tuple(dict.fromkeys(s.seal.domain for s in reversed(self.sets)))

    @property
    def key_names(self) -> tuple[str, ...]:
        """Of all keys that are needed (RFC 8617 5.2: one signature, every seal)."""
        return (self.sets[-1].signature.key_name, *(s.seal.key_name for s in self.sets))


def read_chain(fields: Iterable[RawField]) -> Chain | None:
    """
    None if no field of ARC is there.

    @raise ChainError: the sets are no chain (RFC 8617 5.2, steps 1 to 3).
    """
    found: dict[tuple[int, str], RawField] = {}
    for raw in fields:
        kind = raw.name.lower()
        if kind in _KINDS:
            place = (_instance(raw), kind)
            if place in found:
                raise ChainError("a set has a field twice")
            found[place] = raw
    if not found:
        return None
    count = max(instance for instance, _ in found)
    if len(found) != 3 * count:
        raise ChainError("a set is not whole")
    return Chain(tuple(_set(found, i) for i in range(1, count + 1)))


def _instance(raw: RawField) -> int:
    match = _INSTANCE.match(raw.value)
    # In a seal and a signature the tag may stand elsewhere.
    number = match[1] if match else read_tags(raw.value).get(b"i", b"")
    if not number.isdigit() or not 1 <= int(number[:3]) <= MAX_INSTANCES:
        raise ChainError("a field is of no set")
    return int(number)


def _set(found: Mapping[tuple[int, str], RawField], instance: int) -> ArcSet:
    results = found[instance, RESULTS]
    if len(results.value) > MAX_RESULTS_VALUE:
        raise ChainError("results are too long")
    signature = _signed(found[instance, SIGNATURE], instance)
    seal = _signed(found[instance, SEAL], instance)
    covered = signature.covers
    if b"from" not in covered or b"arc-seal" in covered or len(covered) > MAX_NAMES:
        raise ChainError("a signature does not cover what it must")
    if b"bh" not in signature.tags or b"l" in signature.tags:
        raise ChainError("a signature does not cover the whole body")
    wanted = b"none" if instance == 1 else b"pass"
    if seal.tags.get(b"cv", b"").lower() != wanted or b"h" in seal.tags:
        raise ChainError("a seal says that the chain had failed")
    return ArcSet(results, signature, seal)


def _signed(raw: RawField, instance: int) -> Signed:
    tags = read_tags(raw.value)
    domain, selector = tags.get(b"d", b""), tags.get(b"s", b"")
    kind = ALGORITHMS.get(tags.get(b"a", b""))
    usable = kind is not None and b"b" in tags and are_names(domain, selector)
    if not usable or tags.get(b"i") != b"%d" % instance:
        raise ChainError("a seal or a signature cannot be read")
    return Signed(
        raw, tags, domain.decode().lower(), selector.decode().lower(), str(kind)
    )
