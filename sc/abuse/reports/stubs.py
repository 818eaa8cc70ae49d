"""Parts of a message that are not passed on, each replaced by what it was. Pure.

The header of the part stays: it is evidence, and nothing of it can be run. Its body
becomes a few words in the same transfer encoding, so that the message still reads.
"""

import binascii
import hashlib
from collections.abc import Callable

from attrs import define, field, frozen

from sc.content import transfer
from sc.content.boundaries import Walk
from sc.content.fields import header_end, read_fields
from sc.content.media import Media
from sc.content.mime import Limits
from sc.model.octets import Octets

MAX_OCTETS = 5 << 20
"""Of a message that is read for parts; of a larger one the header section is told."""

MAX_TOLD = 20
"""Stubs that the words of a report name; the rest is counted."""

_LIMITS = Limits()

Unwanted = Callable[[Media, bytes], bool]
"""Whether a part, by what it says about itself and its body, is not passed on."""


@frozen
class Stub:
    """
    What stood in a part's place.

    @ivar size: octets, decoded.
    @ivar sha256: of the same, in hex.
    """

    content_type: str
    size: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.content_type}, {self.size} octets, SHA-256 {self.sha256}"


@frozen
class Stubbed:
    """@ivar whole: every part was looked at."""

    octets: bytes
    stubs: tuple[Stub, ...]
    whole: bool


def replaced(content: Octets, unwanted: Unwanted) -> Stubbed:
    """The message with a stub for each unwanted part; never raises."""
    places = _Places(unwanted)
    stop = min(len(content), MAX_OCTETS)
    walk = Walk(places, content, stop, _LIMITS.depth, _LIMITS.dashes)
    walk.run(read_fields(content), header_end(content)[1], 0)
    pieces, position = [], 0
    for start, end, body in places.found:
        pieces += [content[position:start], body]
        position = end
    octets = b"".join([*pieces, content[position:]])
    return Stubbed(octets, tuple(places.stubs), places.whole and stop == len(content))


def beyond_text(media: Media, _body: bytes) -> bool:
    """Whatever no desk reads by eye."""
    return not media.type.startswith("text/")


def perhaps_infected(media: Media, body: bytes) -> bool:
    """
    All that is not shown as text: scanners say that a message has a virus, and not
    always in which part. A script may call itself text, and a text hold a file.
    """
    if media.type not in ("text/plain", "text/html") or media.attachment:
        return True
    return any(transfer.uuencoded(transfer.decode(body, media.encoding)))


@define
class _Places:
    """A sink that notes which octets are replaced by which."""

    unwanted: Unwanted
    found: list[tuple[int, int, bytes]] = field(factory=list)
    stubs: list[Stub] = field(factory=list)
    whole: bool = True
    _parts: int = 0

    @property
    def full(self) -> bool:
        return self._parts > _LIMITS.parts

    def warn(self, sentence: str) -> None:
        self.whole = False

    def leaf(self, media: Media, raw: bytes, depth: int, start: int) -> None:
        self._parts += 1
        if self.full:
            self.whole = False
        if not raw.strip() or not self.unwanted(media, raw):
            return
        payload = transfer.decode(raw, media.encoding)
        digest = hashlib.sha256(payload).hexdigest()
        name = media.type[:100].encode("ascii", "replace").decode()
        stub = Stub(name, len(payload), digest)
        self.stubs.append(stub)
        self.found.append((start, start + len(raw), _body(stub, media.encoding)))


def _body(stub: Stub, encoding: str) -> bytes:
    words = f"This part is left out of the report.\r\n{stub}\r\n".encode()
    if encoding.startswith("base64"):
        lines = (words[at : at + 57] for at in range(0, len(words), 57))
        return b"".join(binascii.b2a_base64(line) for line in lines).replace(
            b"\n", b"\r\n"
        )
    return words.replace(b"=", b"=3D") if encoding.startswith("quoted") else words
