"""sc.content.archives: names and beginnings, of whole and of broken archives."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

import pytest

from sc.content.archives import members
from sc.content.file_kinds import FileKind
from sc.content.member import Member, UnreadableError
from sc.content.zip import MAX_ENTRIES, MAX_NAME
from tests.fakes.archives import locked_zip, rar4, rar5, seven_zip, zipped


def listed(kind: FileKind, octets: bytes, name: str = "") -> list[Member]:
    return list(members(kind, octets, name))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zip(method: int) -> None:
    """Names and contents, as much as is asked for."""
    octets = zipped({"a.txt": b"hello" * 100, "f/b": b"x"}, method)
    first, second = listed(FileKind.ZIP, octets)
    assert (first.name, first.size, first.encrypted) == ("a.txt", 500, False)
    assert (first.read(7), len(first.read(10**6))) == (b"hellohe", 500)
    assert (second.name, second.read(10)) == ("f/b", b"x")


def test_zip_locked() -> None:
    """With a password: the name is told, nothing is unpacked."""
    [one] = listed(FileKind.ZIP, locked_zip({"a.txt": b"hello"}))
    assert (one.name, one.encrypted, one.read(10)) == ("a.txt", True, b"")


def test_zip_two_stories() -> None:
    """A directory that names other files than stand there: both are told."""
    octets = zipped({"good.txt": b"hello"})
    at = octets.rfind(b"good.txt")
    forged = octets[:at] + b"evil.exe" + octets[at + 8 :]
    assert [m.name for m in listed(FileKind.ZIP, forged)] == ["good.txt", "evil.exe"]


def test_zip_long_directory() -> None:
    """Its entries may all name one file, with names that lie within each other."""
    local = b"PK\x03\x04" + bytes(22) + b"\xff\xff\0\0"
    entry = b"PK\x01\x02" + bytes(24) + b"\xff\xff" + bytes(16)
    found = members(FileKind.ZIP, local + entry * (MAX_ENTRIES + 2000), "")
    assert len(next(found).name) == MAX_NAME
    with pytest.raises(UnreadableError):
        list(found)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_other_methods(method: int) -> None:
    """What is not unpacked is known by name only."""
    [one] = listed(FileKind.ZIP, zipped({"a.txt": b"hello"}, method))
    assert (one.name, one.read(10)) == ("a.txt", b"")


def test_zip_of_a_stream() -> None:
    """What is written as a stream has its size elsewhere, and is no bomb for that."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w") as archive,
        archive.open("a.txt", "w", force_zip64=True) as member,
    ):
        member.write(b"hello")
    [one] = listed(FileKind.ZIP, out.getvalue())
    assert (one.size, one.read(10)) == (5, b"hello")
    no_size = out.getvalue().replace(b"\x01\0\x10\0", b"\x02\0\x10\0")
    assert listed(FileKind.ZIP, no_size)[0].size == 0


def test_zip_broken() -> None:
    """Cut anywhere, or with rubbish inside, it tells what is there."""
    octets = zipped({"a.txt": b"hello" * 100, "b.txt": b"x" * 100})
    for end in range(len(octets)):
        for member in listed(FileKind.ZIP, octets[:end]):
            member.read(100)
    spoiled = bytearray(octets)
    spoiled[35:45] = b"\xff" * 10
    assert listed(FileKind.ZIP, bytes(spoiled))[0].read(10) == b""


@pytest.mark.parametrize("make", [rar4, rar5])
def test_rar(make: Callable[..., bytes]) -> None:
    """Names, and whether a password is needed, in both formats."""
    names = [
        m.name for m in listed(FileKind.RAR, make(b"a.txt", "\u00e4.exe".encode()))
    ]
    assert names == ["a.txt", "\u00e4.exe"]
    assert not any(m.encrypted for m in listed(FileKind.RAR, make(b"a.txt")))
    [one] = listed(FileKind.RAR, make(b"a.txt", locked=True))
    assert (one.name, one.encrypted) == ("a.txt", True)
    [one] = listed(FileKind.RAR, make(b"a.txt", hidden=True))
    assert (one.name, one.encrypted) == ("", True)


def test_rar_unicode_name() -> None:
    """Version 4 has a packed Unicode name behind the plain one; a size of 64 bits."""
    [one] = listed(FileKind.RAR, rar4(b"plain.txt\0\x12packed"))
    assert (one.name, one.size) == ("plain.txt", 7)
    large = bytearray(rar4(b"\x01\0\0\0\0\0\0\0a.txt"))
    large[20 + 4] |= 0x01
    [one] = listed(FileKind.RAR, bytes(large))[:1]
    assert one.name.startswith("a.txt")


@pytest.mark.parametrize("make", [rar4, rar5])
def test_rar_broken(make: Callable[..., bytes]) -> None:
    """Cut or spoiled anywhere, it ends."""
    octets = make(b"a.txt", b"b.txt", locked=True)
    for at in range(8, len(octets)):
        for broken in (octets[:at], octets[:at] + b"\xff" + octets[at + 1 :]):
            try:
                assert len(listed(FileKind.RAR, broken)) < 10
            except UnreadableError:
                continue


@pytest.mark.parametrize("version", [b"\0", b"\x01\0"])
def test_rar_of_zeros(version: bytes) -> None:
    """A header without a length is none."""
    with pytest.raises(UnreadableError):
        listed(FileKind.RAR, b"Rar!\x1a\x07" + version + bytes(100))


@pytest.mark.parametrize(
    "octets",
    [
        b"Rar!\x1a\x07\0" + b"\0\0\x75\0\0\x07\0" * 20_000,
        b"Rar!\x1a\x07\x01\0" + b"\0\0\0\0\x02\x09\0" * 20_000,
    ],
    ids=["4", "5"],
)
def test_rar_of_many_headers(octets: bytes) -> None:
    """Headers of nothing are not read without end."""
    with pytest.raises(UnreadableError):
        listed(FileKind.RAR, octets)


def test_rar_of_many_records() -> None:
    """Nor are records of nothing in a header."""
    file = b"\x02\x01\xd0\x0f" + bytes(5) + b"\x01a" + bytes(2000)
    length = (len(file) & 0x7F | 0x80, len(file) >> 7)
    with pytest.raises(UnreadableError):
        listed(FileKind.RAR, b"Rar!\x1a\x07\x01\0" + bytes(4) + bytes(length) + file)


def test_seven_zip() -> None:
    """A password is known; names never are."""
    locked = members(FileKind.SEVEN_ZIP, seven_zip(b"\x17\x24\x06\xf1\x07\x01"), "")
    assert next(locked).encrypted
    plain = members(FileKind.SEVEN_ZIP, seven_zip(b"\x17\x06"), "")
    short = members(FileKind.SEVEN_ZIP, b"7z\xbc\xaf\x27\x1c", "")
    for rest in (locked, plain, short):
        with pytest.raises(UnreadableError):
            next(rest)


PACKERS: dict[FileKind, Callable[[bytes], bytes]] = {
    FileKind.GZIP: gzip.compress,
    FileKind.BZIP2: bz2.compress,
    FileKind.XZ: lzma.compress,
}


@pytest.mark.parametrize("kind", PACKERS)
def test_packed_alone(kind: FileKind) -> None:
    """One file, with the name that it gets, cut where it is asked for."""
    octets = PACKERS[kind](b"hello" * 1000)
    [one] = listed(kind, octets, "setup.exe.gz")
    assert (one.name, one.read(7), len(one.read(10**6))) == (
        "setup.exe",
        b"hellohe",
        5000,
    )
    assert listed(kind, octets, "src.tgz")[0].name == "src.tar"
    assert listed(kind, octets[:10] + b"\xff" * 20, "x.gz")[0].read(100) == b""


def test_tar() -> None:
    """Names and contents; a size that is none ends nothing."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, octets in (("a.txt", b"hello" * 200), ("b.exe", b"MZ")):
            entry = tarfile.TarInfo(name)
            entry.size = len(octets)
            archive.addfile(entry, io.BytesIO(octets))
    first, second = listed(FileKind.TAR, out.getvalue())
    assert (first.name, first.read(5), len(first.read(5000))) == (
        "a.txt",
        b"hello",
        1000,
    )
    assert (second.name, second.read(5)) == ("b.exe", b"MZ")
    strange = bytearray(out.getvalue())
    strange[124:136] = b"not a number"
    assert listed(FileKind.TAR, bytes(strange))[0].size == 0


def test_formats_that_nobody_reads() -> None:
    """They say so."""
    with pytest.raises(UnreadableError):
        listed(FileKind.PACKED, b"MSCF")


def test_zip_of_empty_blocks() -> None:
    """Deflate may cost time and give nothing: only a bounded piece is tried."""
    packed = b"\x00\x00\x00\xff\xff" * 1_000_000
    head = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, 0, 0, 1, 0)
    [one] = listed(FileKind.ZIP, head + b"a" + packed)
    assert one.read(512) == b""
    assert zlib.decompressobj(-15).decompress(packed[:5000]) == b""
