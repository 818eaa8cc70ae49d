"""The members of a RAR archive, by name: versions 1.5 to 4 (technote.txt) and 5."""

import struct
from collections.abc import Iterator

from sc.content.member import Member, UnreadableError

SIGNATURE_4 = b"Rar!\x1a\x07\0"
SIGNATURE_5 = b"Rar!\x1a\x07\x01\0"

MAX_BLOCKS = 10_000
"""Headers that are read, those of files and others."""

MAX_RECORDS = 100
"""In the extra area of a header; there are seven kinds, and each may have no length."""

_HEAD = struct.Struct("<HBHH")
_FILE = struct.Struct("<IIBIIBBHI")
_MAIN_4, _FILE_4, _END_4 = 0x73, 0x74, 0x7B
_FILE_5, _LOCKED_5, _END_5 = 2, 4, 5


def rar_members(octets: bytes) -> Iterator[Member]:
    """
    Names and whether a password is needed; nothing is unpacked.

    @raise UnreadableError: what follows is no header.
    """
    if octets.startswith(SIGNATURE_5):
        return _members_5(octets, len(SIGNATURE_5))
    return _members_4(octets, len(SIGNATURE_4))


def _members_4(octets: bytes, at: int) -> Iterator[Member]:
    for _ in range(MAX_BLOCKS):
        if at + _HEAD.size > len(octets):
            return
        _, kind, flags, size = _HEAD.unpack_from(octets, at)
        if size < _HEAD.size:
            raise UnreadableError
        more = 0
        if kind == _MAIN_4 and flags & 0x80:
            yield Member("", encrypted=True)
            return
        if kind == _FILE_4 and at + _HEAD.size + _FILE.size <= len(octets):
            member, more = _file_4(octets, at + _HEAD.size, flags)
            yield member
        elif flags & 0x8000:
            more = int.from_bytes(octets[at + 7 : at + 11], "little")
        elif kind == _END_4:
            return
        at += size + more
    raise UnreadableError


def _file_4(octets: bytes, at: int, flags: int) -> tuple[Member, int]:
    """The member, and how much of the file follows its header."""
    packed, size, _, _, _, _, _, length, _ = _FILE.unpack_from(octets, at)
    at += _FILE.size
    if flags & 0x100:
        packed += int.from_bytes(octets[at : at + 4], "little") << 32
        at += 8
    # A Unicode name stands behind a zero, packed; the plain one is good enough.
    raw = octets[at : at + length].partition(b"\0")[0]
    return Member(raw.decode("utf-8", "replace"), bool(flags & 0x04), size), packed


def _members_5(octets: bytes, at: int) -> Iterator[Member]:
    for _ in range(MAX_BLOCKS):
        if at + 4 >= len(octets):
            return
        length, begin = _number(octets, at + 4)
        kind, place = _number(octets, begin)
        flags, place = _number(octets, place)
        extra, place = _number(octets, place) if flags & 1 else (0, place)
        data, place = _number(octets, place) if flags & 2 else (0, place)
        if not length:
            raise UnreadableError
        end = begin + length
        if kind == _LOCKED_5:
            yield Member("", encrypted=True)
            return
        if kind == _FILE_5:
            locked = _is_locked(octets, end - extra, end) if extra <= length else False
            yield _file_5(octets, place, locked)
        if kind == _END_5:
            return
        at = end + data
    raise UnreadableError


def _file_5(octets: bytes, at: int, locked: bool) -> Member:  # noqa: FBT001
    flags, at = _number(octets, at)
    size, at = _number(octets, at)
    _, at = _number(octets, at)
    at += 4 * bool(flags & 2) + 4 * bool(flags & 4)
    for _ in range(2):
        _, at = _number(octets, at)
    length, at = _number(octets, at)
    return Member(octets[at : at + length].decode("utf-8", "replace"), locked, size)


def _is_locked(octets: bytes, at: int, end: int) -> bool:
    """
    Whether the extra area has the record of a password.

    @raise UnreadableError: it has too many records.
    """
    for _ in range(MAX_RECORDS):
        if at >= end:
            return False
        size, begin = _number(octets, at)
        if _number(octets, begin)[0] == 1:
            return True
        at = begin + size
    raise UnreadableError


def _number(octets: bytes, at: int) -> tuple[int, int]:
    """
    A `vint`: seven bits an octet, the lowest first; and where it ends.

    @raise UnreadableError: it does not end.
    """
    value = 0
    for shift, octet in enumerate(octets[at : at + 10]):
        value |= (octet & 0x7F) << (7 * shift)
        if not octet & 0x80:
            return value, at + shift + 1
    raise UnreadableError
