"""What is dangerous or odd about the files that a message carries.

By name and by content, in archives, too, within bounds that hold for the whole
message: a zip bomb costs no more than any other attachment.
"""

from collections.abc import Iterable, Iterator
from enum import Enum

from attrs import Factory, define, frozen

from sc.content import file_names
from sc.content.archives import members
from sc.content.file_kinds import ARCHIVES, HEAD, FileKind, kind_of, pretends
from sc.content.media import Media
from sc.content.member import Member, UnreadableError
from sc.content.mime import Part, read_shared
from sc.model.octets import Octets


class Risk(Enum):
    """Each with a sentence for people."""

    DANGEROUS = "a file that runs when it is opened"
    DANGEROUS_ARCHIVED = "a file in an archive runs when it is opened"
    DISGUISED = "a program that has another file's name"
    DOUBLE_EXTENSION = "a name has a harmless extension before one that runs"
    TURNED_NAME = "a name is shown in another order than it is read"
    OTHER_TYPE = "a file is not what its name says"
    ENCRYPTED = "a file is encrypted: nobody can look into it"
    NESTED = "an archive lies in an archive"
    MACROS = "a document has macros"
    BOMB = "an archive unpacks to far more than it is, or has no end"
    UNREAD = "an archive was not read wholly"


@frozen
class ArchiveLimits:
    """
    For all archives of a message.

    @ivar members: that are looked at.
    @ivar octets: that are unpacked.
    @ivar depth: archives in archives that are opened.
    """

    members: int = 1000
    octets: int = 16 << 20
    depth: int = 4


UNPACKING = 64
"""An archive's octets that count as one unpacked, for each file that is opened."""

BOMB_SIZE = 1 << 30
"""Octets that nobody sends by mail, unless they unpack from next to nothing."""

BOMB_RATIO = 200
"""A log file shrinks to a twentieth, zeros to a thousandth."""

_EXECUTABLE = (FileKind.PROGRAM, FileKind.SHORTCUT)
_MACROS = "_VBA_PROJECT".encode("utf-16-le")
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_DOCUMENT_WORDS = """
docm docx dotm dotx epub odp ods odt potm potx ppam ppsm ppsx pptm pptx sldm xlam
xlsb xlsm xlsx xltm xltx
"""
_DOCUMENT = frozenset(_DOCUMENT_WORDS.split())
"""Documents that are ZIP archives to those who look closer."""


def files(content: Octets) -> tuple[Part, ...]:
    """The files that a message carries."""
    found = read_shared(content, _may_hold).parts
    return tuple(one for one in found if _is_file(one))


def _may_hold(media: Media) -> bool:
    """A text may hold files, too: uuencoded ones."""
    return media.type in ("text/plain", "message/rfc822") or _is_file(media)


def _is_file(one: Media | Part) -> bool:
    """Text that a reader shows as text is none."""
    kind = one.type if isinstance(one, Media) else one.content_type
    shown = kind.startswith(("text/", "message/"))
    return bool(one.filename or one.attachment or not shown)


def find_risks(
    carried: Iterable[Part], limits: ArchiveLimits = ArchiveLimits()
) -> dict[Risk, str]:
    """Each with the first name that shows it, cut and without control characters."""
    found = _Found(limits, limits.members, limits.octets)
    for part in carried:
        found.file(part.filename or "", part.payload)
    return {risk: found.risks[risk] for risk in Risk if risk in found.risks}


@define
class _Found:
    """
    @ivar members: that may still be looked at.
    @ivar octets: that may still be unpacked.
    """

    limits: ArchiveLimits
    members: int
    octets: int
    risks: dict[Risk, str] = Factory(dict)

    def add(self, risk: Risk, name: str) -> None:
        self.risks.setdefault(risk, file_names.printable(name))

    def file(self, name: str, payload: bytes) -> None:
        """What the message itself carries."""
        kind = kind_of(payload[:HEAD])
        self._name(name, kind, Risk.DANGEROUS)
        self._inside(name, kind, payload, 0)

    def _name(self, name: str, kind: FileKind | None, dangerous: Risk) -> None:
        runs = file_names.runs(name)
        if runs or kind in _EXECUTABLE:
            self.add(dangerous, name)
        if kind in _EXECUTABLE and file_names.harmless(name):
            self.add(Risk.DISGUISED, name)
        elif pretends(file_names.extension(name), kind):
            self.add(Risk.OTHER_TYPE, name)
        if file_names.doubled(name):
            self.add(Risk.DOUBLE_EXTENSION, name)
        if file_names.turned(name):
            self.add(Risk.TURNED_NAME, name)

    def _inside(
        self, name: str, kind: FileKind | None, octets: bytes, depth: int
    ) -> None:
        if kind is FileKind.OLE:
            if _MACROS in octets:
                self.add(Risk.MACROS, name)
            if _LOCKED in octets:
                self.add(Risk.ENCRYPTED, name)
        elif kind in ARCHIVES:
            assert kind is not None
            self._archive(name, kind, octets, depth)

    def _archive(self, name: str, kind: FileKind, octets: bytes, depth: int) -> None:
        if depth >= self.limits.depth:
            self.add(Risk.BOMB, name)
            return
        document = file_names.extension(name) in _DOCUMENT
        size = 0
        try:
            for member in self._counted(members(kind, octets, name)):
                size += member.size
                if document:
                    self._document(name, member)
                else:
                    self._member(name, len(octets), member, depth)
        except UnreadableError:
            self.add(Risk.UNREAD, name)
        if size > max(BOMB_SIZE, BOMB_RATIO * len(octets)):
            self.add(Risk.BOMB, name)

    def _counted(self, all_members: Iterator[Member]) -> Iterator[Member]:
        """@raise UnreadableError: they are too many."""
        for member in all_members:
            if self.members <= 0:
                raise UnreadableError
            self.members -= 1
            yield member

    def _document(self, name: str, member: Member) -> None:
        """Office's own files in a document need no look."""
        if member.name.rpartition("/")[2].lower() == "vbaproject.bin":
            self.add(Risk.MACROS, name)

    def _member(self, archive: str, size: int, member: Member, depth: int) -> None:
        """@param size: of the archive."""
        if member.encrypted:
            self.add(Risk.ENCRYPTED, archive)
        head = self._unpacked(member, HEAD)
        kind = kind_of(head)
        self._name(member.name, kind, Risk.DANGEROUS_ARCHIVED)
        if _is_archive(member.name, kind):
            self.add(Risk.NESTED, archive)
        if kind in ARCHIVES or kind is FileKind.OLE:
            # A packed file may cost time and give nothing: it counts by its archive.
            self.octets -= size // UNPACKING
            octets = self._unpacked(member, self.octets)
            self._inside(member.name, kind, octets, depth + 1)

    def _unpacked(self, member: Member, most: int) -> bytes:
        if self.octets <= 0:
            self.add(Risk.UNREAD, member.name)
            return b""
        octets = member.read(min(most, self.octets))
        self.octets -= len(octets)
        return octets


def _is_archive(name: str, kind: FileKind | None) -> bool:
    """To those who look at it: a document is none, `.tar.gz` is one."""
    if kind is FileKind.TAR:
        return False
    return kind in ARCHIVES and file_names.extension(name) not in _DOCUMENT
