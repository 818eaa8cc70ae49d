"""What the source must not say, because some Python that we support gets it wrong."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

import sc

SINGLE = {
    _constants.LITERAL,
    _constants.NOT_LITERAL,
    _constants.IN,
    _constants.ANY,
    _constants.CATEGORY,
}


def patterns() -> Iterator[tuple[str, "re.Pattern[Any]"]]:
    """Every compiled pattern that a module of ours holds."""
    for module in pkgutil.walk_packages(sc.__path__, "sc."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern):
                yield f"{module.name}.{name}", value


def possessive_groups(parsed: Any) -> Iterator[Any]:
    """The possessive repeats of more than one character's pattern."""
    for op, argument in parsed:
        body = argument[2] if op is _constants.POSSESSIVE_REPEAT else None
        if body is not None and not (len(body) == 1 and body[0][0] in SINGLE):
            yield op
        yield from _inside(argument)


def _inside(argument: Any) -> Iterator[Any]:
    if isinstance(argument, _parser.SubPattern):
        yield from possessive_groups(argument)
    elif isinstance(argument, tuple | list):
        for member in argument:
            yield from _inside(member)


def test_no_possessive_groups() -> None:
    """Python before 3.11.5 (Debian 12 has 3.11.2) loses its place in `(...)*+`."""
    assert list(possessive_groups(_parser.parse("(?:[(](?:ab)*+)*")))
    assert not list(possessive_groups(_parser.parse("[()*+]++(?>(?:ab)*)")))
    found = [
        name
        for name, pattern in patterns()
        if list(possessive_groups(_parser.parse(pattern.pattern, pattern.flags)))
    ]
    assert found == [], "write (?>(...)*) instead"
