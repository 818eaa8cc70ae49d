"""The members of a ZIP archive (PKWARE APPNOTE.TXT 4.3).

Its directory stands at the end and need not agree with what stands before each file:
some readers follow the one, some the other. Here both count.
"""

import struct
import zlib
from collections.abc import Iterator
from itertools import islice

from sc.content.member import Member, UnreadableError

_LOCAL = struct.Struct("<4s5H3I2H")  # 4.3.7
_CENTRAL = struct.Struct("<4s6H3I5H2I")  # 4.3.12
_ENCRYPTED, _UTF8 = 0x1, 0x800  # 4.4.4
_STORED, _DEFLATED = 0, 8  # 4.4.5

_ELSEWHERE = 0xFFFFFFFF

MAX_ENTRIES = 10_000
"""Of the directory that are read; those that stand before a file, too, cost nothing
else, and may lie within each other."""

MAX_NAME = 4096
"""Octets of a name, from its end, where the extension is; it may have 65,535."""

_SLACK = 1024
"""Octets beside those of the file that its packed beginning may take."""


def zip_members(octets: bytes) -> Iterator[Member]:
    """
    By what stands before each file, then what only the directory has.

    @raise UnreadableError: the directory is too long.
    """
    seen: set[str] = set()
    for at in _places(octets, b"PK\x03\x04"):
        if member := _local(octets, at):
            seen.add(member.name)
            yield member
    entries = _places(octets, b"PK\x01\x02")
    for at in islice(entries, MAX_ENTRIES):
        if (member := _central(octets, at)) and member.name not in seen:
            seen.add(member.name)
            yield member
    if next(entries, None) is not None:
        raise UnreadableError


def _places(octets: bytes, signature: bytes) -> Iterator[int]:
    at = octets.find(signature)
    while at >= 0:
        yield at
        at = octets.find(signature, at + 4)


def _local(octets: bytes, at: int) -> Member | None:
    if len(octets) < at + _LOCAL.size:
        return None
    head = _LOCAL.unpack_from(octets, at)
    _, _, flags, method, _, _, _, _, size, length, extra = head
    start = at + _LOCAL.size
    name = _name(octets[start : start + length], flags)
    begin = start + length + extra
    if size == _ELSEWHERE:
        size = _large(octets[begin - extra : begin])

    def read(most: int) -> bytes:
        return _unpacked(octets, begin, method, size, most)

    if flags & _ENCRYPTED:
        return Member(name, encrypted=True, size=size)
    return Member(name, size=size, read=read)


def _central(octets: bytes, at: int) -> Member | None:
    if len(octets) < at + _CENTRAL.size:
        return None
    head = _CENTRAL.unpack_from(octets, at)
    flags, size, length = head[3], head[9], head[10]
    name = _name(octets[at + _CENTRAL.size : at + _CENTRAL.size + length], flags)
    return Member(name, bool(flags & _ENCRYPTED), 0 if size == _ELSEWHERE else size)


def _large(extra: bytes) -> int:
    """The size of a file above 4 GiB, and of any that a stream was made of (4.5.3)."""
    at = 0
    while at + 12 <= len(extra):
        kind, length, size = struct.unpack_from("<HHQ", extra, at)
        if kind == 1:
            return int(size)
        at += 4 + length
    return 0


def _name(raw: bytes, flags: int) -> str:
    return raw[-MAX_NAME:].decode("utf-8" if flags & _UTF8 else "cp437", "replace")


def _unpacked(octets: bytes, begin: int, method: int, size: int, most: int) -> bytes:
    if method == _STORED:
        return octets[begin : begin + min(size or most, most)]
    if method != _DEFLATED:
        return b""
    # Only as much is handed over as can be needed: zlib copies what it leaves.
    raw = octets[begin : begin + most + _SLACK]
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, most)
    except zlib.error:
        return b""
