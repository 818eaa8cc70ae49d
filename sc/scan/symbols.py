"""What an operator may set about symbols: what they count, and how many together."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen

ANY_VIRUS = "*_VIRUS"
"""In overrides: every virus that a scanner found, whichever it was."""

_SYMBOL = re.compile(r"[A-Z0-9_*?]{1,100}")
_GROUP = re.compile(r"[a-z][a-z0-9_]{0,31}")


def finite(_instance: object, _attribute: Any, value: float | None) -> None:
    if value is not None and not abs(value) < 1e6:
        raise ValueError("must be a number below a million")


def are_symbols(_instance: object, _attribute: Any, value: Iterable[str]) -> None:
    for name in value:
        if not _SYMBOL.fullmatch(name):
            raise ValueError(f"{name}: must be a symbol: A-Z 0-9 _, * for any")


def are_groups(_instance: object, _attribute: Any, value: Iterable[str]) -> None:
    for name in value:
        if not _GROUP.fullmatch(name):
            text = "must be a letter, then at most 31 of a-z, 0-9 and _"
            raise ValueError(f"{name}: {text}")


@frozen(kw_only=True)
class SymbolSettings:
    """
    What a symbol counts.

    @ivar score: in place of what its scanner says; the scanner's weight does not count.
    @ivar weight: what its scanner says is multiplied by this, and by the scanner's own.
    """

    score: float | None = field(
        default=None, validator=finite, metadata={"alone": True}
    )
    weight: float | None = field(default=None, validator=finite)

    def __attrs_post_init__(self) -> None:
        if (self.score is None) is (self.weight is None):
            raise ValueError("must have either a score or a weight")


@frozen(kw_only=True)
class GroupSettings:
    """
    Symbols that tell the same thing: together they count no more than this.

    @ivar symbols: its members (`*` for any).
    @ivar max: the most that they add up to.
    @ivar min: the least, where they speak for a message.
    """

    symbols: tuple[str, ...] = field(validator=are_symbols)
    max: float | None = field(default=None, validator=finite)
    min: float | None = field(default=None, validator=finite)

    def __attrs_post_init__(self) -> None:
        if self.max is None and self.min is None:
            raise ValueError("must have a max or a min")
        if self.max is not None and self.min is not None and self.min > self.max:
            raise ValueError("min must not be above max")


def wild(names: Mapping[str, object]) -> list[str]:
    """Those that are patterns."""
    return [name for name in names if "*" in name or "?" in name]
