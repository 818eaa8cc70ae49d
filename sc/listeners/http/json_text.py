"""JSON (RFC 8259) from strangers, bounded, and JSON for them.

Mail is not always UTF-8, and rspamd's Lua posts its octets raw inside JSON strings:
they become lone surrogates here (PEP 383) and come out again as the same octets.
"""

import json
import re
import secrets
from typing import Any, NoReturn

from attrs import define, field

from sc.listeners.http import long_text
from sc.listeners.http.long_text import LONG, LongText, StringError, octets_of
from sc.model.octets import Octets

__all__ = ["JsonError", "LongText", "decode", "encode", "octets_of"]

MAX_STRUCTURE = 64 * 1024
"""Octets outside of strings: 64 MiB of `[[],[],...` would become gigabytes."""

MAX_TEXT = 1 << 20
"""Octets of all strings that are not long."""

_SURROGATE = re.compile("[\ud800-\udfff]")


class JsonError(ValueError):
    """Not JSON, or more of it than we want."""


def decode(octets: Octets) -> Any:
    """
    A member of an object that is a string of more than `LONG` octets is a `LongText`.

    Long bodies belong into a thread; nothing here holds the interpreter for long.

    @raise JsonError: with a sentence for the client.
    """
    reader = _Reader(octets)
    try:
        text = reader.shortened().decode("utf-8", "surrogateescape")
        # strict=False: a raw tab or line end inside of a string harms nobody.
        return json.loads(
            text,
            strict=False,
            object_pairs_hook=reader.members,
            parse_constant=_no_constant,
        )
    except JsonError:
        raise
    except StringError as e:
        raise JsonError(str(e)) from None
    except RecursionError:
        raise JsonError("nested too deeply") from None
    except json.JSONDecodeError as e:
        raise JsonError(f"{e.msg} (line {e.lineno}, column {e.colno})") from None
    except ValueError:  # An integer of more than 4300 digits.
        raise JsonError("a number is too long") from None


def encode(value: object) -> bytes:
    """
    As UTF-8: `\\ud83d\\ude00` comes out as garbage in rspamc. Half of a surrogate
    pair, or an octet that never was UTF-8, becomes U+FFFD.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text).encode()


@define
class _Reader:
    """Takes the long strings out of a text, and puts them back as members."""

    _octets: Octets
    _mark: str = field(factory=lambda: secrets.token_hex(16))
    _long: list[LongText] = field(factory=list)

    def shortened(self) -> bytes:
        """The text with a mark in place of each long string; one pass."""
        octets, kept, outside, inside, end = self._octets, [], 0, 0, 0
        while (start := octets.find(b'"', end)) >= 0:
            outside += start - end
            if outside > MAX_STRUCTURE:
                break
            ends = list(long_text.cuts(octets, start + 1))
            if ends[-1] - start > LONG:
                kept += [octets[end:start], b'"%s"' % self._keep(start + 1, ends)]
            else:
                inside += ends[-1] - start
                kept.append(octets[end : ends[-1] + 1])
            end = ends[-1] + 1
            if inside > MAX_TEXT:
                raise JsonError("too much text")
        if outside + (len(octets) - end if start < 0 else 0) > MAX_STRUCTURE:
            raise JsonError("too many elements")
        return b"".join((*kept, octets[end:]))

    def _keep(self, start: int, ends: list[int]) -> bytes:
        self._long.append(long_text.read(self._octets, start, ends))
        return f"{self._mark}{len(self._long) - 1}".encode()

    def members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Two parsers that disagree about which one counts are a way to lie."""
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                raise JsonError(f"{name[:60]!a} is given twice")
            found[name] = self._put_back(value)
        return found

    def _put_back(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith(self._mark):
            return self._long[int(value.removeprefix(self._mark))]
        return value


def _no_constant(name: str) -> NoReturn:
    raise JsonError(f"{name} is not JSON")
