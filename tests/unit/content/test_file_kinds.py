"""sc.content.file_kinds: what files are, and what they say."""

import pytest

from sc.content.file_kinds import FileKind, kind_of, pretends
from tests.fakes.archives import OLE, PROGRAM, rar4, rar5, seven_zip, zipped


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (PROGRAM, FileKind.PROGRAM),
        (b"\x7fELF\x02\x01", FileKind.PROGRAM),
        (b"L\0\0\0\x01\x14\x02\0\0\0", FileKind.SHORTCUT),
        (zipped({"a": b""}), FileKind.ZIP),
        (rar4(b"a"), FileKind.RAR),
        (rar5(b"a"), FileKind.RAR),
        (seven_zip(b""), FileKind.SEVEN_ZIP),
        (bytes(257) + b"ustar\x0000", FileKind.TAR),
        (b"MSCF\0\0\0\0", FileKind.PACKED),
        (OLE, FileKind.OLE),
        (b"%PDF-1.7", FileKind.PDF),
        (b"\xff\xd8\xff\xe0", FileKind.IMAGE),
        (b"MZ is how this text begins", None),
        (b"", None),
        (b"Dear reader", None),
    ],
)
def test_kinds(head: bytes, kind: FileKind | None) -> None:
    """By magic numbers; a text may begin with one."""
    assert kind_of(head) is kind


def test_pretends() -> None:
    """Only where both are known, and one cannot be the other."""
    assert pretends("pdf", FileKind.ZIP)
    assert pretends("txt", FileKind.PDF)
    assert not pretends("jpg", FileKind.IMAGE)
    assert not pretends("docx", FileKind.OLE)
    assert not pretends("pdf", None)
    assert not pretends("xyz", FileKind.ZIP)
