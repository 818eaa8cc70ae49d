"""What a part says about itself: Content-Type, -Disposition, -Transfer-Encoding.

RFC 2045 5.1, RFC 2183, RFC 2231; tolerant, because spam breaks all three.
"""

import binascii
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_to_bytes

from attrs import frozen

from sc.content import charset, transfer
from sc.content.fields import RawField, text

MAX_VALUE = 4096
"""Octets of a field that are read; 20,000 parameters are an attack."""

_TYPE = re.compile(r"\s*([\w!#$&^.+-]+/[\w!#$&^.+-]+)")
_PARAMETER = re.compile(
    r"""([\w!#$%&'*+.^`|~-]{1,60})\s*+=\s*+(?:"((?>(?:[^"\\]|\\.)*))"?|([^\s;]*+))""",
    re.DOTALL,
)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?\s]*)\?=(?:\s+(?==\?))?")


@frozen
class Media:
    """
    @ivar type: `type/subtype` in lower case.
    @ivar encoding: in lower case, "" if none is declared.
    @ivar attachment: the sender asks not to show it (RFC 2183 2.2).
    @ivar delsp: RFC 3676 4.2.
    """

    type: str
    encoding: str = ""
    charset: str | None = None
    boundary: bytes | None = None
    filename: str | None = None
    attachment: bool = False
    delsp: bool = False


def describe(fields: Iterable[RawField], default: str) -> Media:
    """
    Read a part's fields; of several with one name the first counts.

    @param default: the type of a part that declares none that can be read.
    """
    found: dict[str, str] = {}
    for field in fields:
        name = field.name.lower()
        if name.startswith("content-") and name not in found:
            found[name] = text(field.value[:MAX_VALUE])
    value = found.get("content-type", "")
    match = _TYPE.match(value)
    params = _parameters(value[match.end() :]) if match else {}
    disposition = found.get("content-disposition", "")
    placed = _parameters(disposition)
    return Media(
        match[1].lower() if match else default,
        found.get("content-transfer-encoding", "").strip(" \t\"'").lower(),
        params.get("charset"),
        _boundary(params.get("boundary", "")),
        placed.get("filename") or params.get("name"),
        disposition.lower().startswith("attachment"),
        params.get("delsp", "").lower() == "yes",
    )


def _boundary(value: str) -> bytes | None:
    # RFC 2046 5.1.1: at most 70 characters, no blank at the end; both are ignored by
    # real senders, and readers strip the blank.
    return value.rstrip().encode("utf-8", "surrogateescape")[:200] or None


def _parameters(value: str) -> dict[str, str]:
    """Parameters in lower case, RFC 2231 continuations and encodings resolved."""
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for match in _PARAMETER.finditer(value):
        name, _, rest = match[1].lower().partition("*")
        content = match[3] if match[2] is None else _QUOTED_PAIR.sub(r"\1", match[2])
        if "*" in match[1]:
            number = rest.rstrip("*")
            index = int(number) if number.isdecimal() and number.isascii() else 0
            extended = match[1].endswith("*")
            pieces.setdefault(name, {}).setdefault(index, (extended, content))
        else:
            plain.setdefault(name, decoded_words(content))
    return plain | {name: _joined(numbered) for name, numbered in pieces.items()}


def _joined(numbered: Mapping[int, tuple[bool, str]]) -> str:
    """RFC 2231 3, 4: `charset'language'percent-encoded` in numbered pieces."""
    label, octets = "utf-8", b""
    for index, (extended, content) in sorted(numbered.items()):
        value = content
        if extended and index == min(numbered) and content.count("'") >= 2:
            label, _, value = content.split("'", 2)
        octets += (
            unquote_to_bytes(value) if extended else value.encode("utf-8", "replace")
        )
    return charset.decode(octets, label)


def decoded_words(value: str) -> str:
    """RFC 2047 in a parameter: forbidden there, and what most senders write."""
    return _ENCODED_WORD.sub(_word, value) if "=?" in value else value


def _word(match: re.Match[str]) -> str:
    raw = match[3].encode("utf-8", "replace")
    if match[2] in "qQ":
        octets = binascii.a2b_qp(raw, header=True)
    else:
        octets = transfer.decode(raw, "base64")
    return charset.decode(octets, match[1].partition("*")[0])
