"""Scanners that the operator names: a mapping in the scanners' settings holds them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
from attrs import frozen

from sc.scanners.settings import ScannerSettings

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")

_TAKEN = frozenset({"SA", "SC"})
"""Symbols of SpamAssassin's rules and of policy begin so."""


@frozen
class NamingProblem:
    """
    A name that no scanner can have.

    @ivar group: the mapping in which it stands.
    """

    group: str
    name: str
    text: str


def symbol_prefix(name: str) -> str:
    """What the symbols of a scanner begin with."""
    return name.upper().replace("-", "_")


def by_name(settings: Any) -> dict[str, ScannerSettings]:
    """Each scanner's settings: a field is one scanner, a mapping several."""
    found: dict[str, ScannerSettings] = {}
    for field in attrs.fields(type(settings)):
        value = getattr(settings, field.name)
        found.update(value if isinstance(value, Mapping) else {field.name: value})
    return found


def naming_problems(settings: Any) -> Iterator[NamingProblem]:
    """What is wrong with the operator's names, in the order of the fields."""
    values = {a.name: getattr(settings, a.name) for a in attrs.fields(type(settings))}
    taken = _TAKEN | {symbol_prefix(name) for name in values}
    for group, members in values.items():
        if not isinstance(members, Mapping):
            continue
        for name in members:
            prefix = symbol_prefix(name)
            if not _NAME.fullmatch(name):
                text = "must be a letter, then at most 31 of a-z, 0-9, _ and -"
                yield NamingProblem(group, name, text)
            elif prefix in taken:
                text = f"cannot be a name: another one's symbols begin with {prefix}_"
                yield NamingProblem(group, name, text)
            taken |= {prefix}
