"""sc.service.own_users: whether who is above a limit need be scanned."""

import pytest

from sc.model.decision import Action
from sc.scan.rules import Rule
from sc.scan.settings import PolicySettings
from sc.service.own_users import is_refused

HARMLESS = Action.ADD_HEADER


@pytest.mark.parametrize(
    ("overrides", "rules", "refused"),
    [
        ({"SC_LIMITED": Action.SOFT_REJECT}, (), True),
        ({"SC_LIMITED": Action.REJECT}, (), True),
        ({"SC_LIMITED": HARMLESS}, (), False),
        ({}, (), False),
        (
            {"SC_LIMITED": Action.REJECT},
            (Rule(users=("vip",), overrides={"SC_*": HARMLESS}),),
            False,
        ),
        (
            {"SC_LIMITED": Action.REJECT},
            (Rule(users=("vip",), overrides={"GTUBE": HARMLESS}),),
            True,
        ),
    ],
)
def test_is_refused(
    overrides: dict[str, Action], rules: tuple[Rule, ...], refused: bool
) -> None:
    """Whom some rule lets through must be scanned."""
    policy = PolicySettings(overrides=overrides, rules=rules)
    assert is_refused(policy, "SC_LIMITED") is refused
