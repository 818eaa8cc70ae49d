"""What each symbol counts: scales, weights, and groups that do not add up for ever."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Self

from attrs import evolve, frozen

from sc.model.decision import ScoredSymbol
from sc.model.verdict import Symbol
from sc.scan.settings import PolicySettings
from sc.scan.symbols import GroupSettings, SymbolSettings, wild

CAPPED = "SC_CAPPED_"
"""A symbol of this and the group's name takes off, or adds, what is beyond the cap."""


@frozen
class Scoring:
    """
    @ivar exact: by symbol.
    @ivar patterns: with wildcards; the first that fits counts.
    @ivar groups: by name; a symbol is of the first group that has it.
    """

    exact: Mapping[str, SymbolSettings]
    patterns: Mapping[str, SymbolSettings]
    groups: Mapping[str, GroupSettings]

    @classmethod
    def read(cls, settings: PolicySettings) -> Self:
        said = dict(settings.symbols)
        patterns = {name: said.pop(name) for name in wild(said)}
        return cls(said, patterns, settings.groups)

    def scored(self, symbol: Symbol, weight: float, add_header: float) -> ScoredSymbol:
        """
        @param weight: the scanner's.
        @param add_header: the threshold that the scanner's own one stands for.
        """
        said, score = self._said(symbol.name), _scaled(symbol, add_header) * weight
        if said is not None:
            own = said.score
            score = score * (said.weight or 0.0) if own is None else own
        return ScoredSymbol(
            symbol.name, _rounded(score), symbol.options, symbol.description
        )

    def _said(self, name: str) -> SymbolSettings | None:
        if name in self.exact:
            return self.exact[name]
        fitting = (s for p, s in self.patterns.items() if fnmatchcase(name, p))
        return next(fitting, None)

    def capped(self, symbols: Iterable[ScoredSymbol]) -> tuple[ScoredSymbol, ...]:
        """The same symbols, and one for each group that went beyond its cap."""
        kept, sums = tuple(symbols), dict.fromkeys(self.groups, 0.0)
        if not sums:
            return kept
        for symbol in kept:
            group = self._group(symbol.name)
            if group is not None:
                sums[group] += symbol.score
        beyond = ((n, round(self._within(n, s) - s, 2)) for n, s in sums.items())
        return (*kept, *(_cap(name, score) for name, score in beyond if score))

    def _group(self, symbol: str) -> str | None:
        for name, group in self.groups.items():
            if any(fnmatchcase(symbol, pattern) for pattern in group.symbols):
                return name
        return None

    def _within(self, name: str, score: float) -> float:
        group = self.groups[name]
        if group.max is not None:
            score = min(score, group.max)
        return score if group.min is None else max(score, group.min)


def _cap(name: str, score: float) -> ScoredSymbol:
    return ScoredSymbol(
        f"{CAPPED}{name.upper()}", score, (), "the group counts no more"
    )


def total(symbols: Iterable[ScoredSymbol]) -> float:
    return _rounded(sum(symbol.score for symbol in symbols))


def _rounded(score: float) -> float:
    return round(score, 2) + 0.0  # which makes 0.0 of -0.0


def without(symbols: tuple[ScoredSymbol, ...], name: str) -> tuple[ScoredSymbol, ...]:
    """The score of all is taken off again by the symbol `name`, where it stands."""
    off = min(0.0, -total(symbols))
    return tuple(evolve(s, score=off) if s.name == name else s for s in symbols)


def _scaled(symbol: Symbol, add_header: float) -> float:
    """
    In our scale: the scanner's own threshold meets `add header`.

    A threshold of zero or less has no scale: then the score counts from there on.
    """
    if symbol.required is None:
        return symbol.score
    if symbol.required <= 0:
        return symbol.score - symbol.required + add_header
    return symbol.score * add_header / symbol.required
