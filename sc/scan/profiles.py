"""What counts for one recipient: the policy, and the rule that fits."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Self, TypeVar

from attrs import evolve, fields, frozen

from sc.model.envelope import Direction
from sc.scan.overrides import Overrides, all_overrides
from sc.scan.rules import Rule, RuleThresholds
from sc.scan.scoring import Scoring
from sc.scan.settings import PolicySettings, Thresholds
from sc.scan.symbols import ANY_VIRUS, wild

T = TypeVar("T")


@frozen
class Profile:
    """Settings, ready to be asked for each message."""

    inbound: Thresholds
    outbound: Thresholds
    overrides: Overrides
    scoring: Scoring

    @classmethod
    def read(cls, settings: PolicySettings) -> Self:
        return cls(
            settings.inbound,
            settings.outbound,
            Overrides.read(settings),
            Scoring.read(settings),
        )

    def thresholds(self, direction: Direction) -> Thresholds:
        return self.inbound if direction is Direction.INBOUND else self.outbound


def under(rule: Rule, settings: PolicySettings) -> PolicySettings:
    """
    The policy where this rule counts.

    @raise ValueError: its thresholds do not fit those that it leaves as they are.
    """
    return evolve(
        settings,
        inbound=_over(rule.thresholds, settings.inbound),
        outbound=_over(rule.thresholds, settings.outbound),
        overrides=_before(rule.overrides, all_overrides(settings)),
        scanner_actions={},
        symbols=_before(rule.symbols, settings.symbols),
        rules=(),
    )


def _before(said: Mapping[str, T], usual: Mapping[str, T]) -> dict[str, T]:
    """What the rule says of many symbols counts before what is usual for one."""
    patterns = [pattern for pattern in wild(said) if pattern != ANY_VIRUS]
    left = {
        name: value
        for name, value in usual.items()
        if name not in said and not any(fnmatchcase(name, p) for p in patterns)
    }
    return {**said, **left}


def _over(different: RuleThresholds, usual: Thresholds) -> Thresholds:
    names = (a.name for a in fields(RuleThresholds))
    said = {n: v for n in names if (v := getattr(different, n)) is not None}
    return evolve(usual, **said)
