"""What a file is by its first octets, whatever its name and its sender say."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

HEAD = 512
"""Octets that tell; of an archive's members only these are unpacked at first."""


class FileKind(Enum):
    """Those that matter in mail, and those that names pretend to be."""

    PROGRAM = "program"
    SHORTCUT = "shortcut"
    ZIP = "zip"
    RAR = "rar"
    SEVEN_ZIP = "7z"
    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    TAR = "tar"
    PACKED = "packed"  # formats that nobody here unpacks
    OLE = "ole"
    PDF = "pdf"
    RTF = "rtf"
    IMAGE = "image"


_MAGIC: tuple[tuple[int, bytes, FileKind], ...] = (
    (0, b"MZ", FileKind.PROGRAM),
    (0, b"\x7fELF", FileKind.PROGRAM),
    (0, b"\xca\xfe\xba\xbe", FileKind.PROGRAM),  # Java class, Mach-O for several CPUs
    (0, b"\xcf\xfa\xed\xfe", FileKind.PROGRAM),
    (0, b"\xce\xfa\xed\xfe", FileKind.PROGRAM),
    (0, b"L\0\0\0\x01\x14\x02\0", FileKind.SHORTCUT),
    (0, b"PK\x03\x04", FileKind.ZIP),
    (0, b"PK\x05\x06", FileKind.ZIP),
    (0, b"PK00PK\x03\x04", FileKind.ZIP),
    (0, b"Rar!\x1a\x07", FileKind.RAR),
    (0, b"7z\xbc\xaf\x27\x1c", FileKind.SEVEN_ZIP),
    (0, b"\x1f\x8b\x08", FileKind.GZIP),
    (0, b"BZh", FileKind.BZIP2),
    (0, b"\xfd7zXZ\0", FileKind.XZ),
    (257, b"ustar", FileKind.TAR),
    (0, b"MSCF", FileKind.PACKED),  # CAB
    (0, b"\x60\xea", FileKind.PACKED),  # ARJ
    (7, b"**ACE**", FileKind.PACKED),
    (2, b"-lh", FileKind.PACKED),  # LHA
    (0, b"\x28\xb5\x2f\xfd", FileKind.PACKED),  # Zstandard
    (0, b"\x1f\x9d", FileKind.PACKED),  # compress
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind.OLE),
    (0, b"%PDF-", FileKind.PDF),
    (0, b"{\\rtf", FileKind.RTF),
    (0, b"\x89PNG\r\n\x1a\n", FileKind.IMAGE),
    (0, b"\xff\xd8\xff", FileKind.IMAGE),
    (0, b"GIF8", FileKind.IMAGE),
)

ARCHIVES = frozenset(
    {
        FileKind.ZIP,
        FileKind.RAR,
        FileKind.SEVEN_ZIP,
        FileKind.GZIP,
        FileKind.BZIP2,
        FileKind.XZ,
        FileKind.TAR,
        FileKind.PACKED,
    }
)

_IMAGES = frozenset({FileKind.IMAGE})
_OFFICE = frozenset({FileKind.ZIP, FileKind.OLE, FileKind.RTF})

# A new Office file with a password is an OLE file, an old one may hold RTF.
NAMED: Mapping[str, frozenset[FileKind]] = MappingProxyType(
    {
        "pdf": frozenset({FileKind.PDF}),
        "rtf": frozenset({FileKind.RTF}),
        "zip": frozenset({FileKind.ZIP}),
        "rar": frozenset({FileKind.RAR}),
        "7z": frozenset({FileKind.SEVEN_ZIP}),
        "gz": frozenset({FileKind.GZIP}),
        "tgz": frozenset({FileKind.GZIP}),
        "png": _IMAGES,
        "jpg": _IMAGES,
        "jpeg": _IMAGES,
        "gif": _IMAGES,
        "txt": frozenset(),
        "csv": frozenset(),
        "htm": frozenset(),
        "html": frozenset(),
        **dict.fromkeys(("doc", "xls", "ppt", "docx", "xlsx", "pptx"), _OFFICE),
    }
)
"""What files of these extensions are, among the kinds that we know."""


def kind_of(head: bytes) -> FileKind | None:
    """None: nothing that we know."""
    for offset, magic, kind in _MAGIC:
        if head.startswith(magic, offset):
            # "MZ" may begin a text; a program's header is longer and has zeros.
            if magic == b"MZ" and b"\0" not in head[:HEAD]:
                continue
            return kind
    return None


def pretends(extension: str, kind: FileKind | None) -> bool:
    """The extension says that it is something else."""
    named = NAMED.get(extension)
    return kind is not None and named is not None and kind not in named
