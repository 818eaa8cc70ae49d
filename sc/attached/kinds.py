"""Which attachments may hide links, and which of a message are read."""

from collections.abc import Callable, Collection, Iterator
from enum import Enum
from pathlib import PurePath

from attrs import field, frozen

from sc.content.media import Media
from sc.content.mime import Limits, Part, read
from sc.model.octets import Octets

MAX_NAME = 100
"""Characters of a file's name that are kept; a stranger chose them."""


class Kind(Enum):
    """In the words of the options and the extras."""

    HTML = "html"
    ICS = "ics"
    PDF = "pdf"
    QR = "qr"


@frozen
class Attachment:
    """@ivar name: for people; without characters that cannot be printed."""

    kind: Kind
    name: str
    payload: bytes = field(repr=lambda b: f"<{len(b)} octets>")


_TYPES = {
    "text/html": Kind.HTML,
    "application/xhtml+xml": Kind.HTML,
    "image/svg+xml": Kind.HTML,
    "text/calendar": Kind.ICS,
    "application/ics": Kind.ICS,
    "application/pdf": Kind.PDF,
    "application/x-pdf": Kind.PDF,
}
_NAMES = {
    ".htm": Kind.HTML,
    ".html": Kind.HTML,
    ".shtml": Kind.HTML,
    ".xhtml": Kind.HTML,
    ".svg": Kind.HTML,
    ".ics": Kind.ICS,
    ".pdf": Kind.PDF,
    ".png": Kind.QR,
    ".jpg": Kind.QR,
    ".jpeg": Kind.QR,
    ".gif": Kind.QR,
    ".bmp": Kind.QR,
}
_IMAGES = ("image/png", "image/jpeg", "image/jpg", "image/gif", "image/bmp")


def choose(
    content: Octets, kinds: Collection[Kind], most: int
) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
    """The attachments of these kinds, at most so many, and warnings."""
    document = read(content, Limits(), _wanted(kinds))
    found = tuple(_attachments(document.parts, kinds))
    if len(found) > most:
        return found[:most], (f"more than {most} attachments: the rest was not read",)
    return found, ()


def _wanted(kinds: Collection[Kind]) -> Callable[[Media], bool]:
    def wanted(media: Media) -> bool:
        if media.type == "message/rfc822":
            return True
        shown = _is_shown(media.type, attachment=media.attachment)
        return not shown and _kind(media.type, media.filename) in kinds

    return wanted


def _attachments(
    parts: tuple[Part, ...], kinds: Collection[Kind]
) -> Iterator[Attachment]:
    for part in parts:
        kind = _kind(part.content_type, part.filename)
        shown = _is_shown(part.content_type, attachment=part.attachment)
        if kind and kind in kinds and part.payload and not shown:
            name = _printable(part.filename or "") or kind.value
            yield Attachment(kind, name, part.payload)


def _kind(content_type: str, filename: str | None) -> Kind | None:
    """The type, and what the name says, which is what a reader's system goes by."""
    if content_type in _IMAGES:
        return Kind.QR
    ending = PurePath(filename or "").suffix.strip().lower()
    return _TYPES.get(content_type) or _NAMES.get(ending)


def _is_shown(content_type: str, *, attachment: bool) -> bool:
    """Text that a reader shows is read without us (`sc.content.links`)."""
    return content_type.startswith("text/") and not attachment


def _printable(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name[:MAX_NAME])
