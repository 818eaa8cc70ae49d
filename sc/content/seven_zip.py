"""Whether a 7z archive needs a password (7zFormat.txt)."""

import struct
from collections.abc import Iterator

from sc.content.member import Member, UnreadableError

MAX_HEADER = 1 << 20

_START = struct.Struct("<6s2sIQQI")
_AES = b"\x06\xf1\x07\x01"
"""The method's number; the list of methods is never packed."""


def seven_zip_members(octets: bytes) -> Iterator[Member]:
    """
    One without a name if there is a password.

    @raise UnreadableError: always: names stand in a header that is packed itself.
    """
    if len(octets) >= _START.size:
        _, _, _, offset, size, _ = _START.unpack_from(octets)
        begin = _START.size + offset
        if _AES in octets[begin : begin + min(size, MAX_HEADER)]:
            yield Member("", encrypted=True)
    raise UnreadableError
