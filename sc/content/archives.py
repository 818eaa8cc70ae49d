"""What lies in an archive: names, and the beginnings of files.

Nothing is unpacked to a disk, and nothing is trusted: sizes and offsets are a
stranger's. An archive is read as the most curious reader would read it.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType

from sc.content.file_kinds import FileKind
from sc.content.member import Member, UnreadableError
from sc.content.rar import rar_members
from sc.content.seven_zip import seven_zip_members
from sc.content.stream import packed_member, tar_members
from sc.content.zip import zip_members


def _alone(kind: FileKind) -> Callable[[bytes, str], Iterator[Member]]:
    return partial(packed_member, kind)


_READERS: Mapping[FileKind, Callable[[bytes, str], Iterator[Member]]] = (
    MappingProxyType(
        {
            FileKind.ZIP: lambda octets, _: zip_members(octets),
            FileKind.RAR: lambda octets, _: rar_members(octets),
            FileKind.SEVEN_ZIP: lambda octets, _: seven_zip_members(octets),
            FileKind.TAR: lambda octets, _: tar_members(octets),
            FileKind.GZIP: _alone(FileKind.GZIP),
            FileKind.BZIP2: _alone(FileKind.BZIP2),
            FileKind.XZ: _alone(FileKind.XZ),
        }
    )
)


def members(kind: FileKind, octets: bytes, name: str) -> Iterator[Member]:
    """
    One after the other; whoever reads stops when he has enough.

    @param name: of the archive.
    @raise UnreadableError: the rest cannot be read.
    """
    reader = _READERS.get(kind)
    if reader is None:
        raise UnreadableError
    yield from reader(octets, name)
