"""sc.scan.lists: who is let in, and who is kept out."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import pytest
from attrs import evolve
from twisted.internet.task import Clock

from sc.model.decision import Action, Decision, Reason
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.outcome import Outcome
from sc.model.verdict import Findings, ScannerResult, State, Symbol
from sc.scan.list_entry import read_entry
from sc.scan.list_table import Table
from sc.scan.lists import UNPROVEN, AllowedSenders, HeldTables, Lists, Tables
from sc.scan.policy import ScanPolicy
from tests.fakes.flow import StubFlow, stub_flow

SPAM, VIRUS = Symbol("A", 20.0), Symbol("CLAMAV_VIRUS")
PASS = Symbol("SPF_PASS", options=("example.org",))
BOB, CAROL = "bob@example.net", "carol@example.net"


def site(
    allow: Sequence[str] = (), deny: Sequence[str] = (), *found: Symbol
) -> StubFlow:
    """A flow with lists, real policy, and a scanner that finds this."""
    clock = Clock()
    tables = Tables(*(Table.of(map(read_entry, lines)) for lines in (allow, deny)))
    held = HeldTables(tables)
    result = ScannerResult("scanner", State.DONE, Findings(found or (SPAM,)))
    flow = stub_flow(clock=clock, results=(result,))
    flow.policy = ScanPolicy()  # type: ignore[assignment]  # the real one
    lists = Lists(clock, held)
    flow.before_scan, flow.listed = (lists,), lists.of_recipient
    flow.before_answer = (AllowedSenders(clock, held),)
    return flow


async def scan(flow: StubFlow, **envelope: Any) -> Outcome:
    given = {
        "sender": "alice@example.org",
        "recipients": (BOB,),
        "client_ip": ip_address("192.0.2.7"),
        **envelope,
    }
    return await flow.scan(Message("m1", Envelope(**given), b"A: 1\r\n\r\n"))


def names(decision: Decision) -> set[str]:
    return {symbol.name for symbol in decision.symbols}


async def test_an_allowed_network_is_not_scanned() -> None:
    """Nobody looks at it, and its line in the log says why."""
    flow = site(["network 192.0.2.0/24"])
    outcome = await scan(flow)
    decision = outcome.decision
    assert (decision.action, decision.reason) == (Action.NO_ACTION, Reason.LISTED)
    assert [r.state for r in outcome.verdict.results] == [State.SKIPPED, State.DONE]
    assert names(decision) == {"SC_ALLOWED"}
    assert not flow.seen


@pytest.mark.parametrize(
    "entry",
    [
        "network 192.0.2.0/24",
        "sender example.org",
        "sender example.org from 192.0.2.7",
        "recipient bob@example.net",
        "recipient *.net",
    ],
)
async def test_denied(entry: str) -> None:
    """It is rejected, unseen, and the sentence does not say which entry it was."""
    flow = site(deny=[entry])
    outcome = await scan(flow)
    decision = outcome.decision
    assert (decision.action, decision.reason) == (Action.REJECT, Reason.LISTED)
    assert "example.org" not in str(decision.fields) + decision.sentence
    assert outcome.verdict.results[-1].findings.flagged == ("SC_DENIED",)
    assert not flow.seen


async def test_a_denial_that_is_no_rejection() -> None:
    """Where policy does not refuse what is denied, the scanners look at it."""
    flow = site(deny=["network 192.0.2.0/24"])
    [lists] = flow.before_scan
    assert isinstance(lists, Lists)
    flow.before_scan = (evolve(lists, settles=False),)
    await scan(flow)
    assert flow.seen


async def test_a_denied_sender_from_elsewhere() -> None:
    """`from` a network: only what comes from there is meant."""
    flow = site(deny=["sender example.org from 198.51.100.0/24"])
    await scan(flow)
    assert flow.seen


async def test_a_denied_user() -> None:
    """Whoever knows the password sends nothing."""
    decision = (await scan(site(deny=["user joe"]), user="Joe")).decision
    assert (decision.action, decision.reason) == (Action.REJECT, Reason.LISTED)


@pytest.mark.parametrize("entry", ["network 192.0.2.0/24", "sender example.org"])
async def test_a_user_is_judged_by_his_name(entry: str) -> None:
    """Who gave a password is no stranger, wherever he is and whatever he writes."""
    for flow in (site(allow=[entry]), site(deny=[entry])):
        assert "SC_DENIED" not in names((await scan(flow, user="joe")).decision)
        assert flow.seen


@pytest.mark.parametrize(
    ("allow", "deny", "action"),
    [
        ("network 192.0.2.7", "network 192.0.2.0/24", Action.NO_ACTION),
        ("network 192.0.2.0/24", "network 192.0.2.7", Action.REJECT),
        ("network 192.0.2.0/24", "network 192.0.2.0/24", Action.REJECT),
        ("network 192.0.2.7", "sender alice@example.org", Action.REJECT),
        ("recipient bob@example.net", "recipient example.net", Action.REJECT),
    ],
)
async def test_both_lists(allow: str, deny: str, action: Action) -> None:
    """A denial counts; of two networks the smaller one."""
    assert (await scan(site([allow], [deny]))).decision.action is action


@pytest.mark.parametrize(
    ("entry", "envelope"),
    [
        ("recipient bob@example.net", {}),
        ("user joe", {"user": "joe"}),
        ("user joe", {"user": "joe", "recipients": ()}),
        ("sender example.org from 192.0.2.0/24", {}),
    ],
)
async def test_allowed(entry: str, envelope: dict[str, Any]) -> None:
    """Its score counts for nothing, but a virus is a virus."""
    outcome = await scan(site([entry]), **envelope)
    decision = outcome.decision
    assert (decision.action, decision.reason) == (Action.NO_ACTION, Reason.LISTED)
    assert decision.score == 0
    assert names(decision) == {"A", "SC_ALLOWED"}
    outcome = await scan(site([entry], [], SPAM, VIRUS), **envelope)
    assert outcome.decision.action is Action.REJECT
    assert outcome.decision.reason is Reason.VIRUS


@pytest.mark.parametrize("name", ["SC_LIMITED", "SC_BLOCKED"])
async def test_an_allowed_user_who_is_held_back(name: str) -> None:
    """His password may be stolen: limits hold for him, too."""
    flow = site(["user joe"], [], Symbol(name))
    decision = (await scan(flow, user="joe")).decision
    assert decision.action in (Action.SOFT_REJECT, Action.REJECT)


async def test_an_allowed_sender_is_proven_by_spf() -> None:
    """Only with SPF is it the sender himself who wrote his name."""
    flow = site(["sender alice@example.org"], [], SPAM, PASS)
    assert (await scan(flow)).decision.reason is Reason.LISTED
    other = Symbol("SPF_PASS", options=("other.example",))
    for found in ([SPAM], [SPAM, other], [SPAM, Symbol("SPF_FAIL")]):
        flow = site(["sender alice@example.org"], [], *found)
        decision = (await scan(flow)).decision
        assert decision.action is Action.REJECT
        assert UNPROVEN in names(decision)


async def test_an_allowed_sender_from_elsewhere() -> None:
    """`from` a network is the proof, and SPF is none in its place."""
    flow = site(["sender example.org from 198.51.100.0/24"], [], SPAM, PASS)
    assert (await scan(flow)).decision.action is Action.REJECT


async def test_one_recipient_of_two() -> None:
    """Each has his own answer."""
    for allow, deny, bob in (
        ([f"recipient {BOB}"], [], Reason.LISTED),
        ([], [f"recipient {BOB}"], Reason.LISTED),
        (["sender example.org from 192.0.2.7"], [f"recipient {BOB}"], Reason.LISTED),
    ):
        outcome = await scan(site(allow, deny), recipients=(BOB, CAROL))
        to_bob, to_carol = (d.decision for d in outcome.decisions)
        assert to_bob.reason is bob
        assert to_bob.action is (Action.REJECT if deny else Action.NO_ACTION)
        both = len(allow) + len(deny) == 2
        assert to_carol.reason is (Reason.LISTED if both else Reason.SPAM)
        assert to_carol.action is (Action.NO_ACTION if both else Action.REJECT)


async def test_an_allowed_recipient_beside_an_allowed_sender() -> None:
    """What is said of one recipient is no reason to forget the sender for others."""
    sender = "sender example.org from 192.0.2.7"
    for allow, deny in (([f"recipient {BOB}"], []), ([], [f"recipient {BOB}"])):
        outcome = await scan(site([sender, *allow], deny), recipients=(BOB, CAROL))
        to_carol = outcome.decisions[1].decision
        assert (to_carol.action, to_carol.reason) == (Action.NO_ACTION, Reason.LISTED)
        assert [s.name for s in to_carol.symbols].count("SC_ALLOWED") == 1
    flow = site([sender, f"recipient {BOB}"], [f"recipient {CAROL}"])
    outcome = await scan(flow, recipients=(BOB, CAROL))
    actions = [d.decision.action for d in outcome.decisions]
    assert actions == [Action.NO_ACTION, Action.REJECT]
    assert [r.scanner for r in outcome.verdict.results].count("lists") == 1


async def test_an_allowed_user_and_a_denied_recipient() -> None:
    """The recipient is denied, the others are not scanned for spam."""
    flow = site(["user joe"], [f"recipient {BOB}"])
    outcome = await scan(flow, user="joe", recipients=(BOB, CAROL))
    actions = [d.decision.action for d in outcome.decisions]
    assert actions == [Action.REJECT, Action.NO_ACTION]


async def test_doors_with_one_answer() -> None:
    """They are told that a listed recipient is another case."""
    flow = site([f"recipient {BOB}"], ["recipient dave@example.net"])
    envelope = Envelope()
    profiles = {
        flow.profile(envelope, r) for r in (BOB, CAROL, "dave@example.net", "x@y.z")
    }
    assert len(profiles) == 3


async def test_nothing_said() -> None:
    """Without entries there is no trace of lists."""
    for envelope in ({}, {"client_ip": None, "sender": None}, {"sender": ""}):
        outcome = await scan(site(), **envelope)
        assert [r.scanner for r in outcome.verdict.results] == ["scanner"]
