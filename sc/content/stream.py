"""Files packed alone: gzip (RFC 1952), bzip2, xz; and tar, which packs nothing."""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from sc.content.file_kinds import FileKind
from sc.content.member import Member

MEMORY = 64 << 20
"""Octets that unpacking one xz file may take; `xz -9` wants 65 MiB, `xz` 9."""

_BLOCK = 512


def _gzip(raw: bytes, most: int) -> bytes:
    return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(raw, most)


def _bzip2(raw: bytes, most: int) -> bytes:
    return bz2.BZ2Decompressor().decompress(raw, most)


def _xz(raw: bytes, most: int) -> bytes:
    return lzma.LZMADecompressor(memlimit=MEMORY).decompress(raw, most)


_UNPACK: Mapping[FileKind, Callable[[bytes, int], bytes]] = MappingProxyType(
    {FileKind.GZIP: _gzip, FileKind.BZIP2: _bzip2, FileKind.XZ: _xz}
)


def packed_member(kind: FileKind, octets: bytes, name: str) -> Iterator[Member]:
    """
    The one file, named as whoever unpacks it would name it.

    @param name: of the packed file.
    """
    unpack = _UNPACK[kind]

    def read(most: int) -> bytes:
        try:
            return unpack(octets, most)
        except (zlib.error, OSError, EOFError, ValueError, lzma.LZMAError, MemoryError):
            return b""

    inner, _, last = name.rpartition(".")
    tar = ".tar" if last.lower() in ("tgz", "tbz", "tbz2", "txz") else ""
    yield Member(inner + tar, read=read)


def tar_members(octets: bytes) -> Iterator[Member]:
    """POSIX.1 pax and ustar; long names are cut at 100 octets, which keep the end."""
    at = 0
    while octets[at : at + 1] not in (b"", b"\0"):
        size = _octal(octets[at + 124 : at + 136])
        name = octets[at : at + 100].partition(b"\0")[0].decode("utf-8", "replace")
        begin = at + _BLOCK

        def read(most: int, begin: int = begin, size: int = size) -> bytes:
            return octets[begin : begin + min(size, most)]

        yield Member(name, size=size, read=read)
        at = begin + -(-size // _BLOCK) * _BLOCK


def _octal(field: bytes) -> int:
    text = field.strip(b" \0")
    return int(text, 8) if text and not text.strip(b"01234567") else 0
