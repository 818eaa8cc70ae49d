"""sc.scan.scoring: what symbols count, alone and together."""

import pytest

from sc.model.decision import ScoredSymbol
from sc.model.verdict import Symbol
from sc.scan.scoring import Scoring, total, without
from sc.scan.settings import PolicySettings
from sc.scan.symbols import GroupSettings, SymbolSettings

SAID = PolicySettings(
    symbols={
        "SA_*": SymbolSettings(weight=0.5),
        "SA_B*": SymbolSettings(score=9.0),
        "SA_BAD": SymbolSettings(score=2.5),
        "NEVER": SymbolSettings(weight=0.0),
    }
)
LINKS = PolicySettings(
    groups={
        "links": GroupSettings(symbols=("LINKS_*",), max=5.0),
        "known": GroupSettings(symbols=("LINKS_A", "KNOWN_*"), min=-2.0),
    }
)


@pytest.mark.parametrize(
    ("symbol", "score"),
    [
        (Symbol("OTHER", 3.0), 6.0),
        (Symbol("SA_BAD", 3.0), 2.5),
        (Symbol("SA_BUT", 3.0), 3.0),
        (Symbol("NEVER", 3.0), 0.0),
        (Symbol("SCALED", 5.0, required=10.0), 6.0),
        (Symbol("SA_BAD", 5.0, required=10.0), 2.5),
    ],
)
def test_scores(symbol: Symbol, score: float) -> None:
    """A score replaces the scanner's; a weight multiplies it; the own name is first."""
    assert Scoring.read(SAID).scored(symbol, 2.0, 6.0).score == score


def scored(**scores: float) -> tuple[ScoredSymbol, ...]:
    return tuple(ScoredSymbol(name, score) for name, score in scores.items())


@pytest.mark.parametrize(
    ("symbols", "sum_", "caps"),
    [
        (scored(LINKS_A=2.0, LINKS_B=3.0), 5.0, {}),
        (scored(LINKS_A=4.0, LINKS_B=3.0, X=1.0), 6.0, {"SC_CAPPED_LINKS": -2.0}),
        (scored(KNOWN_A=-4.0, KNOWN_B=-3.0), -2.0, {"SC_CAPPED_KNOWN": 5.0}),
        (scored(KNOWN_A=-4.0, LINKS_A=9.0), 3.0, None),
        (scored(X=99.0), 99.0, {}),
    ],
)
def test_groups(
    symbols: tuple[ScoredSymbol, ...], sum_: float, caps: dict[str, float] | None
) -> None:
    """What a group counts beyond its cap is a symbol of its own: the sum stays true."""
    capped = Scoring.read(LINKS).capped(symbols)
    assert total(capped) == sum_
    if caps is not None:
        assert {s.name: s.score for s in capped[len(symbols) :]} == caps


def test_no_groups() -> None:
    """Without groups nothing is added."""
    assert Scoring.read(SAID).capped(scored(A=1.0)) == scored(A=1.0)


def test_without() -> None:
    """One symbol takes off what the others count; never more."""
    assert total(without(scored(SC_ALLOWED=0.0, A=7.0, B=0.5), "SC_ALLOWED")) == 0.0
    good = scored(SC_ALLOWED=0.0, A=-3.0)
    assert without(good, "SC_ALLOWED") == good


def test_no_minus_before_nothing() -> None:
    """What counts nothing is shown as 0.00, whatever it was multiplied with."""
    [free] = without(scored(SC_ALLOWED=0.0), "SC_ALLOWED")
    never = Scoring.read(SAID).scored(Symbol("NEVER", -3.0), 1.0, 6.0)
    shown = [free.score, never.score, total(scored(A=-0.004))]
    assert [f"{score:.2f}" for score in shown] == ["0.00"] * 3
