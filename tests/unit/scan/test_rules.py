"""sc.scan.rules: for whom something differs, and what."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from sc.model.decision import Action
from sc.model.envelope import Direction, Envelope
from sc.model.verdict import Findings, ScannerResult, State, Symbol, Verdict
from sc.scan.policy import ScanPolicy, may_quarantine
from sc.scan.rules import Rule, RuleThresholds
from sc.scan.settings import PolicySettings, Thresholds
from sc.scan.symbols import SymbolSettings

CLIENT = Envelope(client_ip=ip_address("203.0.113.9"))
JOE = Envelope(user="Joe@example.org")


@pytest.mark.parametrize(
    ("rule", "envelope", "recipient", "fits"),
    [
        ({"recipients": ("abuse@*",)}, CLIENT, "Abuse@Example.org", True),
        ({"recipients": ("example.org",)}, CLIENT, "joe@EXAMPLE.org", True),
        ({"recipients": ("example.org",)}, CLIENT, "joe@example.org.", True),
        ({"recipients": ("*@example.org",)}, CLIENT, "joe@example.org.", True),
        ({"recipients": ("example.org",)}, CLIENT, "joe@mail.example.org", False),
        ({"recipients": ("*.example.org",)}, CLIENT, "joe@mail.example.org", True),
        ({"recipients": ("*",)}, CLIENT, None, False),
        ({"users": ("joe@*",)}, JOE, None, True),
        ({"users": ("joe@*",)}, CLIENT, "joe@example.org", False),
        ({"networks": ("203.0.113.0/24",)}, CLIENT, None, True),
        ({"networks": ("2001:db8::/32",)}, CLIENT, None, False),
        ({"networks": ("203.0.113.0/24",)}, JOE, None, False),
        ({"directions": (Direction.OUTBOUND,)}, JOE, None, True),
        ({"directions": (Direction.OUTBOUND,)}, CLIENT, None, False),
        ({"users": ("joe@*",), "recipients": ("a@*",)}, JOE, "b@x.example", False),
        ({"users": ("joe@*",), "recipients": ("a@*",)}, JOE, "a@x.example", True),
    ],
)
def test_conditions(
    rule: dict[str, Any], envelope: Envelope, recipient: str | None, fits: object
) -> None:
    """A rule fits where each of its conditions has a match."""
    networks = tuple(map(ip_network, rule.pop("networks", ())))
    policy = ScanPolicy(PolicySettings(rules=(Rule(networks=networks, **rule),)))
    assert policy.profile(envelope, recipient) == int(bool(fits))


def test_mapped_address() -> None:
    """An IPv4 client at an IPv6 socket is the same client."""
    rule = Rule(networks=(ip_network("203.0.113.0/24"),))
    mapped = Envelope(client_ip=ip_address("::ffff:203.0.113.9"))
    assert rule.matches(mapped, Direction.INBOUND, None)


RULES = PolicySettings(
    inbound=Thresholds(reject=12.0),
    symbols={"A": SymbolSettings(score=3.0), "B*": SymbolSettings(score=3.0)},
    rules=(
        Rule(
            recipients=("abuse@*",),
            thresholds=RuleThresholds(reject=1000.0),
            overrides={"*_VIRUS": Action.ADD_HEADER},
        ),
        Rule(recipients=("careful.example",), thresholds=RuleThresholds(reject=8.0)),
        Rule(recipients=("*@careful.example",), thresholds=RuleThresholds(reject=6.0)),
        Rule(directions=(Direction.OUTBOUND,), symbols={"A": SymbolSettings(score=20)}),
    ),
)


def decided(
    recipient: str | None, *symbols: Symbol, user: str | None = None
) -> tuple[Action, float]:
    result = ScannerResult("x", State.DONE, Findings(symbols))
    decision = ScanPolicy(RULES).decide(
        Verdict("m1", (result,)), Envelope(user=user), recipient
    )
    return decision.action, decision.reject_at


@pytest.mark.parametrize(
    ("recipient", "symbol", "action", "reject_at"),
    [
        ("joe@example.org", Symbol("X", 9.0), Action.ADD_HEADER, 12.0),
        ("joe@careful.example", Symbol("X", 9.0), Action.REJECT, 8.0),
        ("abuse@careful.example", Symbol("X", 99.0), Action.ADD_HEADER, 1000.0),
        ("abuse@example.org", Symbol("X_VIRUS"), Action.ADD_HEADER, 1000.0),
        ("joe@example.org", Symbol("X_VIRUS"), Action.REJECT, 12.0),
    ],
)
def test_first_rule_counts(
    recipient: str, symbol: Symbol, action: Action, reject_at: float
) -> None:
    """The first rule that fits counts alone; what it leaves out stays."""
    assert decided(recipient, symbol) == (action, reject_at)


def test_symbols_of_a_rule() -> None:
    """A symbol can count otherwise for our own users."""
    assert decided(None, Symbol("A", 1.0))[0] is Action.NO_ACTION
    assert decided(None, Symbol("A", 1.0), user="joe")[0] is Action.REJECT
    assert decided(None, Symbol("BB", 1.0), user="joe")[0] is Action.NO_ACTION


@pytest.mark.parametrize(
    ("overrides", "symbol", "action"),
    [
        ({"GT*": Action.NO_ACTION}, "GTUBE", Action.NO_ACTION),
        ({"RSPAMD_*": Action.NO_ACTION}, "RSPAMD_ACTION_REJECT", Action.NO_ACTION),
        ({"*_VIRUS": Action.ADD_HEADER}, "X_VIRUS", Action.ADD_HEADER),
        ({"*_VIRUS": Action.ADD_HEADER}, "SA_VIRUS", Action.QUARANTINE),
        ({"SA_A": Action.ADD_HEADER}, "SA_VIRUS", Action.QUARANTINE),
    ],
)
def test_patterns_of_a_rule(
    overrides: dict[str, Action], symbol: str, action: Action
) -> None:
    """What a rule says of many symbols counts before what is usual for one."""
    usual = PolicySettings()
    settings = PolicySettings(
        overrides={**usual.overrides, "SA_VIRUS": Action.QUARANTINE},
        scanner_actions={"rspamd": {"reject": Action.REJECT}},
        rules=(Rule(recipients=("a@*",), overrides=overrides),),
    )
    verdict = Verdict(
        "m1", (ScannerResult("x", State.DONE, Findings((Symbol(symbol),))),)
    )
    decision = ScanPolicy(settings).decide(verdict, Envelope(), "a@x.example")
    assert decision.action is action


def test_scanner_actions() -> None:
    """What another scanner would do can be done, by its word or by the symbol."""
    settings = PolicySettings(
        scanner_actions={
            "rspamd": {"reject": Action.REJECT, "soft reject": Action("no action")}
        },
        overrides={"RSPAMD_ACTION_ADD_HEADER": Action.QUARANTINE},
    )
    for word, action in (
        ("REJECT", Action.REJECT),
        ("SOFT_REJECT", Action.NO_ACTION),
        ("ADD_HEADER", Action.QUARANTINE),
    ):
        found = Findings((Symbol(f"RSPAMD_ACTION_{word}"),))
        verdict = Verdict("m1", (ScannerResult("rspamd", State.DONE, found),))
        decision = ScanPolicy(settings).decide(verdict, Envelope(), None)
        assert decision.action is action


@pytest.mark.parametrize(
    "settings",
    [
        PolicySettings(scanner_actions={"rspamd": {"reject": Action.QUARANTINE}}),
        PolicySettings(
            rules=(Rule(users=("*",), thresholds=RuleThresholds(quarantine=9.0)),)
        ),
        PolicySettings(rules=(Rule(users=("*",), overrides={"A": Action.QUARANTINE}),)),
    ],
)
def test_may_quarantine(settings: PolicySettings) -> None:
    """A rule that quarantines needs an address like everything else."""
    assert may_quarantine(settings, {})
