"""A JSON object that another program wrote (RFC 8259), for code that reads its parts.

The caller bounds the octets. Numbers that are none, whole numbers of a thousand
digits and brackets without end are errors here, not exceptions elsewhere.
"""

import json
import math
from typing import Any

MAX_DIGITS = 18
"""Of a whole number: it fits 64 bits."""


def read_object(octets: bytes) -> dict[str, Any]:
    """
    @raise ValueError: not one object.
    """
    try:
        value = json.loads(
            octets,
            parse_constant=_refuse,
            parse_float=_finite,
            parse_int=_whole,
        )
    except (ValueError, RecursionError) as e:
        raise ValueError("not JSON") from e
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def is_number(value: object) -> bool:
    """JSON's `true` is no number, though Python's is one."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refuse(_constant: str) -> float:
    raise ValueError("NaN and Infinity are not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number without end")
    return number


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS + 1:
        raise ValueError("a number without end")
    return int(text)
