"""sc.content.attachments: risks by name, by content, in archives, and within bounds."""

import base64
import gzip
import io
import struct
import tarfile
import zipfile

import pytest

from sc.content.attachments import ArchiveLimits, Risk, files, find_risks
from sc.content.mime import Part
from tests.fakes.archives import (
    OLE,
    PROGRAM,
    locked_zip,
    nested,
    rar5,
    seven_zip,
    zipped,
)

MACROS = OLE + "_VBA_PROJECT".encode("utf-16-le")


LIMITS = ArchiveLimits()


def risks(name: str, payload: bytes, limits: ArchiveLimits = LIMITS) -> set[Risk]:
    part = Part("application/octet-stream", filename=name, payload=payload)
    return set(find_risks([part], limits))


@pytest.mark.parametrize(
    ("name", "payload", "expected"),
    [
        ("report.pdf", b"%PDF-1.7", set()),
        ("notes", b"hello", set()),
        ("photo.jpg", b"\x89PNG\r\n\x1a\n", set()),
        ("letter.doc", b"{\\rtf1", set()),
        ("setup.exe", PROGRAM, {Risk.DANGEROUS}),
        ("script.js", b"var a", {Risk.DANGEROUS}),
        ("photo.jpg", PROGRAM, {Risk.DANGEROUS, Risk.DISGUISED}),
        ("", PROGRAM, {Risk.DANGEROUS}),
        ("library.so", b"\x7fELF", {Risk.DANGEROUS}),
        ("a.pdf.exe", PROGRAM, {Risk.DANGEROUS, Risk.DOUBLE_EXTENSION}),
        ("a\u202efdp.exe", PROGRAM, {Risk.DANGEROUS, Risk.TURNED_NAME}),
        ("a.pdf", zipped({"x": b""}), {Risk.OTHER_TYPE}),
        ("a.doc", MACROS, {Risk.MACROS}),
        ("a.docx", OLE + "EncryptedPackage".encode("utf-16-le"), {Risk.ENCRYPTED}),
        ("a.docm", zipped({"word/vbaProject.bin": OLE}), {Risk.MACROS}),
        ("a.docx", zipped({"word/embeddings/x.bin": PROGRAM}), set()),
        ("a.zip", zipped({"readme.txt": b"x"}), set()),
        ("a.zip", zipped({"x.exe": PROGRAM}), {Risk.DANGEROUS_ARCHIVED}),
        (
            "a.zip",
            zipped({"x.txt": PROGRAM}),
            {Risk.DANGEROUS_ARCHIVED, Risk.DISGUISED},
        ),
        ("a.zip", locked_zip({"x.txt": b"hello"}), {Risk.ENCRYPTED}),
        ("a.zip", zipped({"x.docx": zipped({"y": b"z"})}), set()),
        ("a.zip", zipped({"x.docm": zipped({"vbaProject.bin": b""})}), {Risk.MACROS}),
        ("a.zip", zipped({"x.doc": MACROS}), {Risk.MACROS}),
        ("a.zip", zipped({"b.zip": zipped({"c": b""})}), {Risk.NESTED}),
        (
            "a.rar",
            rar5(b"x.exe", locked=True),
            {Risk.DANGEROUS_ARCHIVED, Risk.ENCRYPTED},
        ),
        ("a.7z", seven_zip(b"\x06\xf1\x07\x01"), {Risk.ENCRYPTED, Risk.UNREAD}),
        ("a.cab", b"MSCF\0\0\0\0", {Risk.UNREAD}),
        ("x.exe.gz", gzip.compress(b"text"), {Risk.DANGEROUS_ARCHIVED}),
    ],
)
def test_risks(name: str, payload: bytes, expected: set[Risk]) -> None:
    """By name, by content, by both together."""
    assert risks(name, payload) == expected


def test_tar_gz() -> None:
    """One archive to everybody, not two."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("x.exe"))
    for name in ("a.tar.gz", "a.tgz"):
        assert risks(name, out.getvalue()) == {Risk.DANGEROUS_ARCHIVED}


def test_names() -> None:
    """The first name that shows a risk; what lies in an archive has its own."""
    parts = [
        Part("application/zip", filename="a.zip", payload=zipped({"in.exe": b"x"})),
        Part("application/x", filename="one\x07.js", payload=b"x"),
        Part("application/x", filename="two.js", payload=b"x"),
    ]
    assert find_risks(parts) == {
        Risk.DANGEROUS: "one?.js",
        Risk.DANGEROUS_ARCHIVED: "in.exe",
    }
    assert list(find_risks(parts)) == [Risk.DANGEROUS, Risk.DANGEROUS_ARCHIVED]


def test_files() -> None:
    """Inline or attached, uuencoded or in an attached message; texts are none."""
    encoded = base64.b64encode(PROGRAM)
    content = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\n\r\nhello\r\nbegin 644 uu.exe\r\n#86)C\r\n`\r\nend\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<p>hello\r\n"
        b"--b\r\nContent-Type: image/png\r\n\r\nxyz\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n"
        b"Content-Type: text/plain; name=inner.exe\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + encoded + b"\r\n--b--\r\n"
    )
    found = [(part.filename, part.payload) for part in files(content)]
    assert found == [("uu.exe", b"abc"), (None, b"xyz"), ("inner.exe", PROGRAM)]


def test_bomb() -> None:
    """What says that it unpacks to gigabytes is told, and not unpacked."""
    octets = zipped({f"{i}.bin": bytes(100_000) for i in range(4)})
    assert risks("a.zip", octets) == set()
    declared = bytearray(octets)
    for place, signature in ((22, b"PK\x03\x04"), (24, b"PK\x01\x02")):
        at = declared.find(signature)
        while at >= 0:
            declared[at + place : at + place + 4] = b"\xff\xff\xff\xfe"
            at = declared.find(signature, at + 4)
    assert risks("a.zip", bytes(declared)) == {Risk.BOMB}


def test_unpacked_bombs() -> None:
    """Archives of zeros in an archive: what is unpacked is bounded for all of them."""
    inner = zipped({"x": bytes(1_000_000)}, zipfile.ZIP_STORED)
    octets = zipped({f"{i}.zip": inner for i in range(100)})
    limits = ArchiveLimits(octets=3_000_000)
    assert risks("a.zip", octets, limits) == {Risk.NESTED, Risk.UNREAD}


def test_deep() -> None:
    """An archive many levels deep is opened four times."""
    assert risks("a.zip", nested(3)) == {Risk.NESTED}
    assert risks("a.zip", nested(40)) == {Risk.NESTED, Risk.BOMB}
    one = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0)
    stored = (one + b"a") * 2000
    assert risks("a.zip", stored) == {Risk.NESTED, Risk.BOMB, Risk.UNREAD}


def test_many_members() -> None:
    """More files than are looked at."""
    octets = zipped({f"{i}.txt": b"" for i in range(20)})
    assert risks("a.zip", octets, ArchiveLimits(members=10)) == {Risk.UNREAD}
    assert risks("a.zip", octets, ArchiveLimits(members=20)) == set()


def test_costly_members() -> None:
    """What costs time and gives nothing counts as well."""
    inner = b"PK\x03\x04" + bytes(26)
    octets = zipped({f"{i}.zip": inner for i in range(100)}) + bytes(1 << 20)
    found = risks("a.zip", octets, ArchiveLimits(octets=10 * (1 << 14)))
    assert found == {Risk.NESTED, Risk.UNREAD}
