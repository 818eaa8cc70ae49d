"""Archives that tests make, those that no honest program would make, too."""

import io
import struct
import zipfile
from collections.abc import Mapping

PROGRAM = b"MZ\x90\0" + bytes(60)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, octets in files.items():
            archive.writestr(name, octets)
    return out.getvalue()


def locked_zip(files: Mapping[str, bytes]) -> bytes:
    """With the bit that says that a password is needed (APPNOTE 4.4.4)."""
    octets = bytearray(zipped(files))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = octets.find(signature)
        while at >= 0:
            octets[at + place] |= 1
            at = octets.find(signature, at + 4)
    return bytes(octets)


def nested(depth: int, octets: bytes = b"x", name: str = "x") -> bytes:
    """Archives in archives."""
    for _ in range(depth):
        octets, name = zipped({name: octets}), "next.zip"
    return octets


def rar4(*names: bytes, locked: bool = False, hidden: bool = False) -> bytes:
    """Stored empty files; `hidden`: its headers need a password, too."""
    flags = 0x80 if hidden else 0
    out = b"Rar!\x1a\x07\0" + struct.pack("<HBHH", 0, 0x73, flags, 13) + bytes(6)
    for name in names:
        size = 7 + 25 + len(name)
        out += struct.pack("<HBHH", 0, 0x74, 0x8000 | 4 * locked, size)
        out += struct.pack("<IIBIIBBHI", 2, 7, 0, 0, 0, 29, 48, len(name), 0) + name
        out += b"xx"
    return out + struct.pack("<HBHH", 0, 0x7B, 0x4000, 7)


def rar5(*names: bytes, locked: bool = False, hidden: bool = False) -> bytes:
    out = b"Rar!\x1a\x07\x01\0"
    if hidden:
        out += _block5(bytes((4, 0)) + bytes(20))
    for name in names:
        extra = b"\x02\x01\x00" if locked else b""
        head = bytes((2, 3 if extra else 2))
        head += bytes((len(extra),)) if extra else b""
        # Two octets of data; a time and a checksum; 300 octets unpacked.
        head += b"\x02" + b"\x06" + b"\xac\x02" + b"\x00" + bytes(8) + b"\x00\x01"
        out += _block5(head + bytes((len(name),)) + name + extra) + b"xx"
    return out + _block5(b"\x05\x00\x00")


def _block5(header: bytes) -> bytes:
    return bytes(4) + bytes((len(header),)) + header


def seven_zip(header: bytes) -> bytes:
    start = b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(4)
    return start + struct.pack("<QQI", 3, len(header), 0) + b"xxx" + header
