"""Which entries of an operator's table are about a desk. Pure.

A key is an address, a domain with all below it, or `*` for everybody.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TypeVar

T = TypeVar("T")

EVERYBODY = "*"

_DESK = re.compile(r"(?:[^@\s]{1,64}@)?[A-Za-z0-9._-]{1,255}")


def is_desk(text: str) -> bool:
    """An address or a domain."""
    return _DESK.fullmatch(text) is not None


def is_key(text: str) -> bool:
    return text == EVERYBODY or is_desk(text)


def matches(address: str, table: Mapping[str, T]) -> Iterator[T]:
    """All that is said about this desk, the smallest match first."""
    lowered = {key.lower(): value for key, value in table.items()}
    for key in _keys(address.lower()):
        if key in lowered:
            yield lowered[key]


def _keys(address: str) -> Iterator[str]:
    yield address
    domain = address.rpartition("@")[2]
    while domain:
        yield domain
        domain = domain.partition(".")[2]
    yield EVERYBODY
