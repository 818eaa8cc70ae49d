"""Content-Transfer-Encoding, tolerant as mail readers are (RFC 2045 6, uuencode).

Broken input yields what can be decoded. Every function is one pass.
"""

import binascii
import re
from collections.abc import Iterator

_NOT_BASE64 = bytes(set(range(256)) - set(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
))  # fmt: skip
_PADDING = re.compile(rb"=+")
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,200})\r?\n", re.MULTILINE)

MAX_LINES = 250_000
"""Lines of 45 octets in one uuencoded text: as much as a part may hold."""

MAX_CHUNKS = 64
"""Base64 texts in one part: some software pads in the middle and goes on."""


def identity(encoding: str) -> bool:
    """True for `7bit`, `8bit`, `binary`, and for what nobody knows (`8bit+`)."""
    return not encoding.startswith(("base64", "quoted", "x-uu", "uu"))


def decode(raw: bytes, encoding: str) -> bytes:
    """@param encoding: in lower case; what stands behind the known word is ignored."""
    if encoding.startswith("base64"):
        return _base64(raw)
    if encoding.startswith("quoted"):
        return binascii.a2b_qp(raw)
    if encoding.startswith(("x-uu", "uu")):
        return b"".join(data for _, data in uuencoded(raw)) or raw
    return raw


def uuencoded(text: bytes) -> Iterator[tuple[str, bytes]]:
    """The files, with their names, that stand uuencoded in a text."""
    position, left = 0, MAX_LINES
    while left > 0 and (begin := _UU_BEGIN.search(text, position)):
        end = text.find(b"\nend", begin.end())
        position = len(text) if end < 0 else end
        lines = text[begin.end() : position].split(b"\n", left)[:left]
        left -= len(lines)
        yield begin[1].decode("latin-1"), b"".join(map(_uu_line, lines))


def _uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        # Some encoders write trash behind the counted octets; cut it off.
        length = ((line[0] - 32) & 63) * 4 + 5 if line else 0
        try:
            return binascii.a2b_uu(line[: length // 3])
        except binascii.Error:
            return b""


def _base64(raw: bytes) -> bytes:
    chunks = _PADDING.split(raw.translate(None, _NOT_BASE64), MAX_CHUNKS)
    return b"".join(map(_unpadded, chunks))


def _unpadded(chunk: bytes) -> bytes:
    """A single left-over character carries no octet; drop it as readers do."""
    chunk = chunk.replace(b"=", b"")
    chunk = chunk[: len(chunk) - (len(chunk) % 4 == 1)]
    return binascii.a2b_base64(chunk + b"=" * (-len(chunk) % 4))
