"""A verdict as octets that another node, or a later message, can be trusted with.

The cache may be written to by others: without our seal over key and value nothing is
read, so that nobody who can write there can have his mail waved through.
"""

import json
from collections.abc import Callable
from enum import Enum
from functools import cache
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, get_args, get_origin, get_type_hints

import attrs
from attrs import field, frozen

from sc.model.verdict import ScannerResult

SEAL = 32
_RESULTS = tuple[ScannerResult, ...]
_AS_IT_IS = frozenset((str, int, float, bool, type(None)))


@frozen
class VerdictSeal:
    """@ivar secret: the same at all nodes that share a cache."""

    _secret: bytes = field(repr=False)

    def close(self, key: str, results: tuple[ScannerResult, ...]) -> bytes:
        text = json.dumps(_plain(results), separators=(",", ":"))
        octets = text.encode("ascii")
        return self._mac(key, octets) + octets

    def open(self, key: str, value: bytes) -> tuple[ScannerResult, ...] | None:
        """None for what we did not close under this key."""
        mac, octets = value[:SEAL], value[SEAL:]
        if not compare_digest(mac, self._mac(key, octets)):
            return None
        found: tuple[ScannerResult, ...] = _reader(_RESULTS)(json.loads(octets))
        return found

    def _mac(self, key: str, octets: bytes) -> bytes:
        said = blake2b(key=self._secret, digest_size=SEAL, person=b"sc verdict")
        said.update(b"%d %b\n" % (len(key), key.encode()) + octets)
        return said.digest()


def _plain(value: Any) -> Any:
    """An attrs value is the list of its fields, in their order."""
    kind: Any = type(value)
    if kind in _AS_IT_IS:
        return value
    if kind in (tuple, frozenset):
        return [_plain(member) for member in value]
    if isinstance(value, Enum):
        return value.value
    return [_plain(getattr(value, name)) for name in _hints(kind)]


@cache
def _reader(wanted: Any) -> Callable[[Any], Any]:
    """`_plain`, backwards; by the annotations, so that no field can be forgotten."""
    arguments = get_args(wanted)
    if attrs.has(wanted):
        readers = tuple(map(_reader, _hints(wanted).values()))
        return lambda shape: wanted(
            *(read(value) for read, value in zip(readers, shape, strict=True))
        )
    origin = get_origin(wanted)
    if origin in (tuple, frozenset) and arguments[1:] in ((), (...,)):
        member = _reader(arguments[0])
        return lambda shape: origin(map(member, shape))
    if origin is tuple:
        members = tuple(map(_reader, arguments))
        return lambda shape: tuple(
            read(value) for read, value in zip(members, shape, strict=True)
        )
    if arguments:  # X | None
        some = _reader(arguments[0])
        return lambda shape: None if shape is None else some(shape)
    return wanted if issubclass(wanted, Enum) else lambda shape: shape


@cache
def _hints(wanted: Any) -> dict[str, Any]:
    hints = get_type_hints(wanted)
    return {a.name: hints[a.name] for a in attrs.fields(wanted)}
