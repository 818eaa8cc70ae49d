"""What a program's exit code and lines mean, by the operator's word: pure."""

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from importlib.util import find_spec
from itertools import chain
from typing import Any

from attrs import field, frozen

from sc.scanners.settings import is_score

LINES = 2000
COLUMNS = 1000
"""What is beyond is not looked at."""

FOUND = 10
"""Names that are told, of one message: an archive may hold thousands of viruses."""

_CODES = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?")
_SYMBOL = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


class Meaning(Enum):
    """The worst of those that apply counts; the first is the worst."""

    VIRUS = "virus"
    ERROR = "error"
    SPAM = "spam"
    SKIP = "skip"
    CLEAN = "clean"
    OUTPUT = "output"


def compiled(regex: str) -> Any:
    """
    By RE2: the time is linear, whatever a stranger makes the program print.

    @raise ValueError: RE2 does not understand it.
    """
    import re2  # noqa: PLC0415 an extra: only who has patterns needs it

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(regex, options)
    except re2.error as e:
        reason = e.args[0].decode() if isinstance(e.args[0], bytes) else e.args[0]
        raise ValueError(f"is no regular expression of RE2: {reason}") from e


def _regex(_instance: object, _attribute: Any, value: str) -> None:
    if find_spec("re2") is None:
        raise ValueError("needs the module re2: pip install 'sc[command]'")
    compiled(value)


def _symbol(_instance: object, _attribute: Any, value: str) -> None:
    if value and not _SYMBOL.fullmatch(value):
        raise ValueError("must be a letter, then at most 63 of A-Z, 0-9 and _")


def are_codes(_instance: object, _attribute: Any, value: Mapping[str, Meaning]) -> None:
    if not value:
        raise ValueError("must name at least one exit code")
    taken: set[int] = set()
    for text in value:
        codes = _codes(text)
        if not codes or max(codes) > 255:
            raise ValueError(
                f"{text}: must be an exit code, 0 to 255, or several: 3,5-7"
            )
        if codes & taken:
            raise ValueError(f"{text}: has an exit code that stands there already")
        taken |= codes


def _codes(text: str) -> frozenset[int]:
    """`3,5-7`; empty if it is none."""
    pieces = [_CODES.fullmatch(piece.strip()) for piece in text.split(",")]
    ranges = [range(int(m[1]), int(m[2] or m[1]) + 1) if m else () for m in pieces]
    return frozenset(chain.from_iterable(ranges)) if all(ranges) else frozenset()


@frozen(kw_only=True)
class LinePattern:
    """
    A line that the program prints.

    @ivar regex: in RE2's syntax, looked for within each line; its group `name`, else
        its first, is what was found.
    @ivar means: `virus`, `spam`, `clean`, `error` or `skip`; `output`: nothing by
        itself.
    @ivar symbol: stated besides, behind the scanner's name.
    @ivar score: of that symbol.
    """

    regex: str = field(validator=_regex)
    means: Meaning = Meaning.OUTPUT
    symbol: str = field(default="", validator=_symbol)
    score: float = field(default=0.0, validator=is_score)


@frozen
class Reading:
    """
    @ivar meaning: OUTPUT: neither the exit code nor a line says anything.
    @ivar by_pattern: those that stood in a line, with what was found, each once.
    """

    meaning: Meaning
    by_pattern: Mapping[LinePattern, tuple[str, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """What was found of what counts."""
        found = (
            n
            for p, names in self.by_pattern.items()
            for n in names
            if p.means is self.meaning
        )
        return tuple(dict.fromkeys(found))[:FOUND]


@frozen
class OutputReader:
    """Reads by one scanner's settings, compiled once."""

    _meanings: Mapping[int, Meaning]
    _patterns: Sequence[tuple[LinePattern, Any]]

    @classmethod
    def by(
        cls, codes: Mapping[str, Meaning], patterns: Sequence[LinePattern]
    ) -> "OutputReader":
        meanings = {code: m for text, m in codes.items() for code in _codes(text)}
        return cls(meanings, [(p, compiled(p.regex)) for p in patterns])

    @property
    def possible(self) -> frozenset[Meaning]:
        """What it can say at all."""
        stated = {pattern.means for pattern, _ in self._patterns}
        return frozenset(stated | set(self._meanings.values()))

    def read(self, code: int, text: str) -> Reading:
        """An exit code that is not listed is an error, never clean."""
        lines = [line[:COLUMNS] for line in text.splitlines()[:LINES]]
        hits = {p: _found(r, lines) for p, r in self._patterns}
        stood = {p: names for p, names in hits.items() if names is not None}
        meanings = {pattern.means for pattern in stood}
        meanings.add(self._meanings.get(code, Meaning.ERROR))
        return Reading(next(m for m in Meaning if m in meanings), stood)


def _found(regex: Any, lines: Sequence[str]) -> tuple[str, ...] | None:
    """What its group held, each text once, at most `FOUND`; None: it stands nowhere."""
    matches = [match for line in lines if (match := regex.search(line))]
    if not matches:
        return None
    return tuple(dict.fromkeys(filter(None, map(_group, matches))))[:FOUND]


def _group(match: Any) -> str:
    """Printable ASCII: it goes into header fields and log lines."""
    groups = match.groupdict()
    text = groups["name"] if "name" in groups else next(iter(match.groups()), "")
    shown = "".join(c if " " <= c <= "~" else "?" for c in (text or "").strip())
    return shown[:100]
