"""What lists in DNS were asked and answered, and the symbols of it."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address

from attrs import Factory, define, frozen

from sc.content.list_codes import Kind
from sc.model.verdict import Findings, Symbol
from sc.scanners.zones import ZoneSettings

MAX_OPTIONS = 10
"""Names and codes that one symbol tells."""


@frozen
class Question:
    """
    @ivar query: as it stands before the zone's name.
    @ivar about: what is asked for, as people know it; "" if they know it anyway.
    @ivar whole: a whole host name, which few lists want, or a domain; None: neither.
    """

    kind: Kind
    query: str
    about: str = ""
    whole: bool | None = None


@frozen
class Answer:
    """
    @ivar codes: empty: not listed.
    @ivar problem: why it is no answer.
    """

    zone: ZoneSettings
    question: Question
    codes: tuple[IPv4Address, ...] = ()
    problem: str = ""


@define
class _Stated:
    score: float = 0.0
    options: dict[str, None] = Factory(dict)

    def add(self, score: float, options: Iterable[str]) -> None:
        """What says the same twice counts once, with the stronger score."""
        self.score = max(self.score, score, key=abs)
        self.options.update(dict.fromkeys(options))


def findings(prefix: str, answers: Iterable[Answer], failed: Iterable[str]) -> Findings:
    """
    A symbol for each meaning, and one for the lists that did not answer.

    @param prefix: of all of them.
    @param failed: the names of lists.
    """
    stated: dict[str, _Stated] = {}
    for answer in answers:
        for name, score, options in _statements(prefix, answer):
            stated.setdefault(name, _Stated()).add(score, options)
    symbols = [
        Symbol(name, one.score, None, tuple(one.options)[:MAX_OPTIONS], "on a list")
        for name, one in stated.items()
    ]
    flagged = tuple(symbol.name for symbol in symbols if symbol.score > 0)
    if names := tuple(dict.fromkeys(failed))[:MAX_OPTIONS]:
        text = "these lists did not answer, and are asked again when they do"
        symbols.append(Symbol(f"{prefix}FAILED", 0.0, None, names, text))
    return Findings(tuple(symbols), flagged, () if flagged else ("not listed",))


def _statements(
    prefix: str, answer: Answer
) -> Iterator[tuple[str, float, tuple[str, ...]]]:
    zone, about = answer.zone, answer.question.about
    for code in answer.codes:
        options = (about, f"{zone.zone}:{code}") if about else (f"{zone.zone}:{code}",)
        for meaning in zone.meanings(code):
            yield zone.symbol_of(meaning, prefix), meaning.score, options
