"""One YAML scalar as a typed value.

Read from its text, never from YAML 1.1's guesses: `no` stays a word where a word is
asked for, and `022` is not 18. Sizes may end in k, M or G (1024), times in ms, s,
m, h or d.
"""

import re
from enum import Enum
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any

_SIZE = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_TIME = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_TRUE, _FALSE = {"true", "yes", "on"}, {"false", "no", "off"}


def scalar(text: str, wanted: Any) -> Any:  # noqa: PLR0911 one return a type
    """
    @raise ValueError: the text is not one.
    """
    if wanted is str:
        return text
    if wanted is bool:
        return _boolean(text)
    if wanted is int:
        return _quantity(text, r"\d+", _SIZE, int)
    if wanted is float:
        return _quantity(text, r"-?\d+(?:\.\d+)?", _TIME, float)
    if wanted in (IPv4Network, IPv6Network):
        return ip_network(text)
    if wanted in (IPv4Address, IPv6Address):
        return ip_address(text)
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return _member(text, wanted)
    raise TypeError(f"settings cannot hold {wanted}")


def _boolean(text: str) -> bool:
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise ValueError(text)


def _quantity(
    text: str, number: str, units: dict[str, Any], kind: type[int] | type[float]
) -> int | float:
    match = re.fullmatch(rf"({number})\s*([A-Za-z]*)", text, re.ASCII)
    if match is None or match[2].lower() not in units:
        raise ValueError(text)
    return kind(kind(match[1]) * units[match[2].lower()])


def _member(text: str, wanted: type[Enum]) -> Enum:
    for member in wanted:
        if str(member.value).lower() == text.lower():
            return member
    words = {"true": _TRUE, "false": _FALSE}
    for member in wanted:
        if text.lower() in words.get(str(member.value).lower(), ()):
            return member
    raise ValueError(text)


def describe(wanted: Any) -> str:
    """What is expected, in words."""
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return "one of " + ", ".join(str(m.value).lower() for m in wanted)
    if wanted in (IPv4Network, IPv6Network):
        return "a network, such as 192.0.2.0/24"
    if wanted in (IPv4Address, IPv6Address):
        return "an IP address"
    return {
        str: "a text",
        bool: "true or false",
        int: "a whole number (k, M, G may follow)",
        float: "a number (ms, s, m, h, d may follow)",
    }.get(wanted, "a value")
