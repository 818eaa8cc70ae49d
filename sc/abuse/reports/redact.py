"""Recipients become keyed tokens, wherever they stand (RFC 6590). Pure, over bytes.

The same address becomes the same token, so a desk can count and we can find it
again; nobody else can. The domain stays, and so does every other octet.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator

from attrs import frozen

from sc.abuse.reports.recipients import Recipient, Recipients
from sc.abuse.reports.spellings import (
    ESCAPED,
    LINE_END,
    SOFT_BREAK,
    Place,
    View,
    base64_letters,
    readings,
)

TOKEN = "redacted-"  # noqa: S105 not a password: how every token begins

MAX_LOCAL = 256
"""Octets of a local part that are looked for; RFC 5321 4.5.3.1.1 has 64."""

MAX_ENCODED = 20
"""Recipients that are looked for in Base64: each costs a pass over the message."""

# What stands between local part and domain: the sign itself; percent-encoded once or
# more; quoted-printable; an HTML reference; and `=`, as in `bounce-user=domain@esp`.
_AT = (
    rb"(?:@|%(?:25)*40|=40|&#(?:0{0,5}64|[xX]0{0,5}40);?"
    rb"|(?<=[^\s=])=(?:3[Dd])?|%(?:25)*3[Dd])"
)


@frozen
class Redacted:
    """@ivar count: places where a token stands now."""

    octets: bytes
    count: int


class Redactor:
    """
    For one message; also for what we write ourselves about it.

    @param key: secret, the same for all messages of this site.
    """

    def __init__(self, recipients: Recipients, key: bytes) -> None:
        self._key = key
        self._bare = recipients.bare
        self._encoded = recipients.addresses[:MAX_ENCODED]
        self._locals: dict[bytes, set[bytes]] = {}
        for address in recipients.addresses:
            known = self._locals.setdefault(address.domain.lower(), set())
            known.add(address.local[-MAX_LOCAL:].lower())
        self._lengths = {
            domain: sorted(map(len, known), reverse=True)
            for domain, known in self._locals.items()
        }
        self._domain_lengths = sorted({len(d) for d in self._locals}, reverse=True)
        self._at = _before_one_of(self._locals)

    def message(self, content: bytes) -> Redacted:
        """The message itself, or its beginning."""
        bare = [
            Place(start, end, self._token(Recipient(content[start:end], b"")))
            for start, end in self._bare
            if end <= len(content)
        ]
        return self._replace(content, bare)

    def piece(self, octets: bytes) -> Redacted:
        """Whole lines of the message, told without the rest."""
        return self._replace(octets, [])

    def text(self, text: str) -> str:
        """A URL or an address that stands in our own words."""
        octets = self._replace(text.encode("utf-8", "replace"), []).octets
        return octets.decode("utf-8", "replace")

    def _replace(self, octets: bytes, places: list[Place]) -> Redacted:
        if self._locals:
            places += self._find_plain(octets)
            places += self._find_encoded(octets)
        pieces, position, count = [], 0, 0
        for place in sorted(places, key=lambda p: (p.start, -p.end)):
            if place.start >= position:
                pieces += [octets[position : place.start], place.token]
                position = place.end
                count += 1
        return Redacted(b"".join([*pieces, octets[position:]]), count)

    def _token(self, address: Recipient) -> bytes:
        # RFC 5321 4.1.2: with or without quotes it is the same mailbox.
        local = address.local.strip(b'"').replace(b"\\", b"")
        whole = (local + b"@" + address.domain).lower()
        digest = hmac.digest(self._key, whole, hashlib.sha256)
        return (TOKEN + digest[:8].hex()).encode()

    def _find_plain(self, octets: bytes) -> Iterator[Place]:
        view = View(octets, SOFT_BREAK)
        for match in self._at.finditer(view.octets):
            domain = self._domain(view.octets, match.end())
            if domain is not None:
                found = self._local(view.octets, match.start(), domain)
                if found:
                    start, local = found
                    token = self._token(Recipient(local, domain))
                    yield view.place(start, match.start(), token)

    def _domain(self, octets: bytes, start: int) -> bytes | None:
        """The longest known domain that stands here, however it is escaped."""
        longest = self._domain_lengths[0]
        for text in readings(octets[start : start + longest * ESCAPED]):
            for length in self._domain_lengths:
                domain = text.octets[:length].lower()
                if domain in self._locals:
                    return domain
        return None

    def _local(
        self, octets: bytes, end: int, domain: bytes
    ) -> tuple[int, bytes] | None:
        """
        Where the longest known local part begins that ends here, and itself.

        Whatever stands before it: a link has `?to=`, `=3D` or `%3D` there, and to say
        too little is better than to say too much.
        """
        lengths, known = self._lengths[domain], self._locals[domain]
        window = max(0, end - lengths[0] * ESCAPED)
        found = [
            (window + text.starts[-length], text.octets[-length:].lower())
            for text in readings(octets[window:end])
            for length in lengths
            if 0 < length <= len(text.octets) and text.octets[-length:].lower() in known
        ]
        return min(found, key=lambda place: place[0], default=None)

    def _find_encoded(self, octets: bytes) -> Iterator[Place]:
        """Base64: in links, and in whole parts with their line ends."""
        view = View(octets, LINE_END)
        for address in self._encoded:
            token = self._token(address).removeprefix(TOKEN.encode())
            for letters, covered in base64_letters(address):
                position = view.octets.find(letters)
                while position >= 0:
                    end = position + covered
                    filled = (token * (covered // len(token) + 1))[:covered]
                    yield view.place(position, end, filled)
                    position = view.octets.find(letters, end)


def _before_one_of(domains: Iterable[bytes]) -> "re.Pattern[bytes]":
    """Few places pass it in a message full of `=` and `@`."""
    first = b"".join(sorted({re.escape(domain[:1]) for domain in domains}))
    return re.compile(_AT + rb"(?=[%=&" + first + rb"])", re.IGNORECASE)
