"""The DKIM-Signature fields of a message, as far as they can be verified (RFC 6376)."""

import re
from collections.abc import Iterable, Iterator

from attrs import field, frozen
from dkim.util import InvalidTagValueList, parse_tag_value

from sc.content.fields import RawField

MAX_SIGNATURES = 10
"""That are read; each may cost a question to DNS and a pass over the message."""

MAX_FIELD = 4096
"""Octets of one; with RSA and 4096 bits, real ones have 1,500."""

MAX_NAMES = 200
"""Fields that one signs; each is looked for among all."""

ALGORITHMS = {b"rsa-sha256": "rsa", b"ed25519-sha256": "ed25519"}
"""By which kind of key; RFC 8301 3.1 forbids rsa-sha1."""

# dkimpy looks for `b=` with nested repetitions of blanks: the time grows with the
# third power of their run. Folding makes runs of ten.
_LONG_BLANK = re.compile(rb"\s{33}")
_NAME = re.compile(
    rb"(?=.{1,200}\Z)[a-z0-9_](?:[a-z0-9_-]{0,62})(?>(?:\.[a-z0-9_][a-z0-9_-]{0,62})*)",
    re.IGNORECASE,
)
_PREFIX = re.compile(rb"[A-Za-z0-9+/]{8}")
_COLON = re.compile(rb"\s*:\s*")


@frozen
class Signature:
    """
    One of them. Names are in lower case.

    @ivar index: among the message's DKIM-Signature fields, from the top.
    @ivar identity: the domain of `i=`: the signer's, or one below it.
    @ivar kind: of the key that it needs.
    @ivar signed: names of the fields that it covers.
    @ivar partial: it covers the beginning of the body only (`l=`): anybody may have
        added the rest (RFC 6376 8.2).
    @ivar relaxed_body: blanks in the body may have changed.
    @ivar prefix: of `b=`: tells signatures of one domain apart (RFC 6008), or "".
    """

    index: int
    domain: str
    selector: str
    identity: str
    kind: str
    signed: frozenset[str] = field(repr=False)
    partial: bool
    relaxed_body: bool
    prefix: str = ""

    @property
    def key_name(self) -> str:
        """Where in DNS its key is."""
        return f"{self.selector}._domainkey.{self.domain}"


def read_signatures(fields: Iterable[RawField]) -> tuple[Signature, ...]:
    """The first ones; those that no verifier takes are passed over."""
    named = (raw for raw in fields if raw.name.lower() == "dkim-signature")
    return tuple(_signatures(named))


def _signatures(fields: Iterable[RawField]) -> Iterator[Signature]:
    for index, raw in zip(range(MAX_SIGNATURES), fields, strict=False):
        found = _signature(index, read_tags(raw.value))
        if found is not None:
            yield found


def read_tags(value: bytes) -> dict[bytes, bytes]:
    """Of a signature; none if no verifier takes it."""
    if len(value) > MAX_FIELD or _LONG_BLANK.search(value):
        return {}
    try:
        tags: dict[bytes, bytes] = parse_tag_value(value)
    except InvalidTagValueList:
        return {}
    return tags


def are_names(*values: bytes) -> bool:
    """Whether each can be a name in the DNS."""
    return all(map(_NAME.fullmatch, values))


def signed_names(tags: dict[bytes, bytes]) -> tuple[bytes, ...]:
    """The fields that a signature covers, in lower case."""
    return tuple(_COLON.split(tags.get(b"h", b"").lower()))


def _signature(index: int, tags: dict[bytes, bytes]) -> Signature | None:
    domain, selector = tags.get(b"d", b""), tags.get(b"s", b"")
    names = signed_names(tags)
    identity = tags.get(b"i", b"@" + domain).rpartition(b"@")[2]
    kind = ALGORITHMS.get(tags.get(b"a", b""))
    if kind is None or tags.get(b"v") != b"1" or len(names) > MAX_NAMES:
        return None
    # RFC 6376 5.4: From is always signed.
    if b"from" not in names:
        return None
    if not are_names(domain, selector, identity):
        return None
    proof = _PREFIX.match(b"".join(tags.get(b"b", b"").split()))
    return Signature(
        index=index,
        domain=domain.decode("ascii").lower(),
        selector=selector.decode("ascii").lower(),
        identity=identity.decode("ascii").lower(),
        kind=kind,
        signed=frozenset(name.decode("latin-1") for name in names),
        partial=b"l" in tags,
        relaxed_body=tags.get(b"c", b"").endswith(b"/relaxed"),
        prefix=proof[0].decode("ascii") if proof else "",
    )
