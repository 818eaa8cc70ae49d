"""A message's leaves, decoded: a bounded MIME reader (RFC 2045, RFC 2046).

One pass over the octets, without recursion into what a stranger nests, and without
an exception: what is not read is told in a warning. A mapped file stays mapped.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

from attrs import Factory, define, field, frozen

from sc.content import transfer
from sc.content.boundaries import Walk
from sc.content.fields import MAX_FIELDS, RawField, header_end, read_fields
from sc.content.media import Media
from sc.model.octets import Octets


@frozen
class Limits:
    """
    @ivar octets: of the message that are read.
    @ivar fields: of the message's header section.
    @ivar parts: leaves.
    @ivar depth: levels of multiparts and attached messages.
    @ivar part: octets of one decoded leaf.
    @ivar decoded: octets of all decoded leaves.
    @ivar dashes: lines that begin like a boundary.
    """

    octets: int = 64 << 20
    fields: int = MAX_FIELDS
    parts: int = 1000
    depth: int = 20
    part: int = 8 << 20
    decoded: int = 32 << 20
    dashes: int = 100_000


@frozen
class Part:
    """
    A leaf. Its type is in lower case, its payload decoded and cut at the limit.

    @ivar attachment: the sender asks not to show it.
    @ivar delsp: RFC 3676: a blank before a soft line break is none of the text's.
    """

    content_type: str
    charset: str | None = None
    filename: str | None = None
    payload: bytes = field(default=b"", repr=lambda b: f"<{len(b)} octets>")
    attachment: bool = False
    delsp: bool = False


@frozen
class Document:
    """@ivar fields: of the message itself; attached messages add only parts."""

    fields: tuple[RawField, ...]
    parts: tuple[Part, ...]
    warnings: tuple[str, ...]


def every_part(media: Media) -> bool:  # noqa: ARG001 the default of `wanted`
    return True


def read(
    content: Octets,
    limits: Limits = Limits(),
    wanted: Callable[[Media], bool] = every_part,
) -> Document:
    """
    Never raises.

    @param wanted: leaves for which it is false keep an empty payload, which spares
        decoding a megabyte of images for whoever reads only text.
    """
    found = _Found(limits, wanted)
    fields = read_fields(content, limits.fields + 1)
    if len(fields) > limits.fields:
        found.warn(f"more than {limits.fields} header fields: the rest was not read")
        fields = fields[: limits.fields]
    if len(content) > limits.octets:
        found.warn(f"larger than {limits.octets} octets: the rest was not read")
    found.read(content, fields, header_end(content)[1], 0)
    return Document(fields, tuple(found.parts), tuple(found.warnings))


SMALL = 32 * 1024
"""Octets of a message that is kept with all its parts: most are no larger."""


def read_shared(content: Octets, wanted: Callable[[Media], bool]) -> Document:
    """
    As `read`. The scanners look at a small message one right after the other, so that
    the first one's document serves them all; it may hold more than is wanted.
    """
    if isinstance(content, bytes) and len(content) <= SMALL:
        return _read_small(content)
    return read(content, wanted=wanted)


@lru_cache(maxsize=4)  # Bytes keep their hash, and are the same object each time.
def _read_small(content: bytes) -> Document:
    return read(content)


@define
class _Found:
    """What the whole message yielded so far, and what may still be read of it."""

    limits: Limits
    wanted: Callable[[Media], bool]
    parts: list[Part] = Factory(list)
    warnings: dict[str, None] = Factory(dict)
    decoded: int = 0

    def warn(self, sentence: str) -> None:
        self.warnings[sentence] = None

    @property
    def full(self) -> bool:
        return len(self.parts) >= self.limits.parts

    def read(
        self, content: Octets, fields: tuple[RawField, ...], body: int, depth: int
    ) -> None:
        """Recursion ends at `limits.depth`: an encoded message is one level."""
        limits = self.limits
        stop = min(len(content), limits.octets)
        walk = Walk(self, content, stop, limits.depth, limits.dashes)
        walk.run(fields, body, depth)

    def leaf(self, media: Media, raw: bytes, depth: int, start: int) -> None:
        if self.full:
            self.warn(f"more than {self.limits.parts} parts: the rest was not read")
            return
        payload = self._payload(media, raw) if self.wanted(media) else b""
        if media.type == "message/rfc822" and depth < self.limits.depth and payload:
            self.read(payload, read_fields(payload), header_end(payload)[1], depth + 1)
            return
        self._add(media, payload)
        if media.type == "text/plain" and b"begin " in payload:
            for name, data in transfer.uuencoded(payload):
                self._add(_uuencoded(name), data)

    def _add(self, media: Media, payload: bytes) -> None:
        if not self.full:
            self.parts.append(
                Part(
                    media.type,
                    media.charset,
                    media.filename,
                    payload,
                    media.attachment,
                    media.delsp,
                )
            )

    def _payload(self, media: Media, raw: bytes) -> bytes:
        room = min(self.limits.part, self.limits.decoded - self.decoded)
        # Quoted-printable needs at most three octets for one.
        payload = transfer.decode(raw[: room * 3], media.encoding)
        if len(payload) > room or len(raw) > room * 3:
            self.warn(f"a part has more than {room} octets: the rest was not read")
            payload = payload[:room]
        self.decoded += len(payload)
        return payload


def _uuencoded(name: str) -> Media:
    return Media("application/octet-stream", filename=name, attachment=True)


def text_parts(document: Document) -> Iterator[Part]:
    """The parts that a reader shows as text."""
    return (
        part
        for part in document.parts
        if part.content_type.startswith("text/") and not part.attachment
    )
