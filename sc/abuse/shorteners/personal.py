"""Does a URL tell whose message it stood in? Pure.

Whoever made it learns from its being opened that the address is read; so it is not
opened.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from sc.abuse.reports.recipients import Recipient, Recipients
from sc.abuse.reports.redact import Redactor

MAX_URL = 200
"""
Characters of a URL that is looked at: no short link has more, and all the ways to
spell a recipient take time.
"""

MAX_RECIPIENTS = 20
"""Recipients that are looked for; the first are those of the envelope."""

MAX_TOKEN = 19
"""
Characters that a service's own code may have; the longest that is common, of Google's
forms, has 17. A hash or a UUID has more.
"""

MIN_HASH = 8
"""Characters of a hash in hex, from its first one, that are no chance."""

_LEVELS = 5
"""Percent-encodings of percent-encodings that are undone."""

_HASHES = ("md5", "sha1", "sha256", "sha512")
_PIECE = re.compile(r"[^/?&=;,:#|!.@()\s]+")
_JOINT = re.compile(r"[-_~+*$'% ]")
_WORD = re.compile(r"[A-Z]?[a-z]{1,15}|[A-Z]{1,15}|[0-9]{1,4}")
_HEX = re.compile(rf"[0-9a-f]{{{MIN_HASH},}}")


class Personal:
    """Knows the recipients of one message."""

    def __init__(self, recipients: Recipients, bare: Iterable[bytes] = ()) -> None:
        """@param bare: local parts that stand in the message without a domain."""
        known = recipients.addresses[:MAX_RECIPIENTS]
        self._plain = Redactor(Recipients(known), b"")
        self._digests = tuple(d for address in known for d in _digests(address))
        self._hex = {d for address in known for d in _in_hex(address)}
        names = {name for address in known for name in _names(address.local)}
        names |= {name for local in bare for name in _names(local)}
        self._names = _standing_alone(names)

    def problem(self, url: str) -> str:
        """What it holds, in words for a warning; "" if it may be opened."""
        if len(url) > MAX_URL:
            return f"has more than {MAX_URL} characters"
        if self._holds_recipient(url):
            return "holds the recipient"
        return "holds an opaque token" if _holds_token(url) else ""

    def _holds_recipient(self, url: str) -> bool:
        plain = _decoded(url)
        if any(self._plain.text(text) != text for text in {url, plain}):
            return True
        path = plain.partition("://")[2].partition("/")[2].lower()
        if self._names and self._names.search(path):
            return True
        runs = _HEX.findall(plain.lower())
        return any(self._is_digest(run) for run in runs)

    def _is_digest(self, run: str) -> bool:
        """Of an address, or the beginning of one; or its octets in hex."""
        if any(octets in run for octets in self._hex):
            return True
        return any(digest.startswith(run) for digest in self._digests)


def _digests(address: Recipient) -> Iterator[str]:
    whole = address.local + b"@" + address.domain
    for text in {whole, whole.lower()}:
        for name in _HASHES:
            yield hashlib.new(name, text, usedforsecurity=False).hexdigest()


def _in_hex(address: Recipient) -> Iterator[str]:
    whole = address.local + b"@" + address.domain
    yield whole.hex()
    yield whole.lower().hex()


def _names(local: bytes) -> Iterator[str]:
    """The local part, also without the detail that stands behind a `+`."""
    name = local.strip(b'"').decode("utf-8", "replace").lower()
    yield name
    yield name.partition("+")[0]


def _standing_alone(names: Iterable[str]) -> "re.Pattern[str] | None":
    """Longest first; None if there is none."""
    ordered = sorted(filter(None, names), key=len, reverse=True)
    if not ordered:
        return None
    either = "|".join(map(re.escape, ordered))
    return re.compile(rf"(?<![^\W_])(?:{either})(?![^\W_])")


def _decoded(url: str) -> str:
    for _ in range(_LEVELS):
        plain = unquote(url)
        if plain == url:
            break
        url = plain
    return url


def _holds_token(url: str) -> bool:
    pieces = _PIECE.findall(_decoded(url))
    return any(_is_token(piece) for piece in pieces)


def _is_token(piece: str) -> bool:
    """Long, and more than words with hyphens between them, as people choose."""
    parts = [part for part in _JOINT.split(piece) if part]
    if sum(map(len, parts)) <= MAX_TOKEN:
        return False
    return not all(_WORD.fullmatch(part) for part in parts)
