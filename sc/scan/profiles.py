"""What counts for one recipient: the policy, and the rule that fits."""

from typing import Self

from attrs import evolve, fields, frozen

from sc.model.envelope import Direction
from sc.scan.overrides import Overrides
from sc.scan.rules import Rule, RuleThresholds
from sc.scan.scoring import Scoring
from sc.scan.settings import PolicySettings, Thresholds


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
        overrides={**settings.overrides, **rule.overrides},
        # The rule's first: of two patterns the first one counts.
        symbols={**rule.symbols, **settings.symbols, **rule.symbols},
        rules=(),
    )


def _over(different: RuleThresholds, usual: Thresholds) -> Thresholds:
    names = (a.name for a in fields(RuleThresholds))
    said = {n: v for n in names if (v := getattr(different, n)) is not None}
    return evolve(usual, **said)
