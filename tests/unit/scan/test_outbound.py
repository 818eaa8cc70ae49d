"""sc.scan.outbound: what becomes of spam of our own users."""

from ipaddress import ip_address, ip_network

import pytest

from sc.model.decision import Action, Decision, Reason
from sc.model.envelope import Envelope
from sc.model.verdict import Findings, ScannerResult, State, Symbol, Verdict
from sc.scan.outbound import OnReject, OutboundSettings
from sc.scan.policy import ScanPolicy
from sc.scan.settings import PolicySettings

TO = "abuse@example.org"
JOE = Envelope(client_ip=ip_address("11.22.33.44"), user="joe")
SPAM, VIRUS = Symbol("A", 20.0), Symbol("CLAMAV_VIRUS")
LAN = PolicySettings(local_networks=(ip_network("192.0.2.0/24"),))


def decide(
    reject: OnReject, symbol: Symbol = SPAM, envelope: Envelope = JOE
) -> Decision:
    to = TO if reject is OnReject.REDIRECT else ""
    outbound = OutboundSettings(reject=reject, redirect_address=to)
    verdict = Verdict("m1", (ScannerResult("x", State.DONE, Findings((symbol,))),))
    policy = ScanPolicy(LAN, outbound=outbound)
    return policy.decide(verdict, envelope, "bob@example.net")


@pytest.mark.parametrize(
    ("reject", "action", "redirect_to"),
    [
        (OnReject.REJECT, Action.REJECT, None),
        (OnReject.REDIRECT, Action.REJECT, TO),
        (OnReject.QUARANTINE, Action.QUARANTINE, None),
        (OnReject.FLAG, Action.ADD_HEADER, None),
    ],
)
def test_spam_of_our_own(
    reject: OnReject, action: Action, redirect_to: str | None
) -> None:
    """The operator's choice, and the reason stays: it is spam."""
    decision = decide(reject)
    assert (decision.action, decision.redirect_to) == (action, redirect_to)
    assert decision.reason is Reason.SPAM
    assert "X-Spam: Yes" in {f"{f.name}: {f.value}" for f in decision.fields}


@pytest.mark.parametrize("reject", [OnReject.QUARANTINE, OnReject.FLAG])
def test_a_milder_action_shows_a_milder_score(reject: OnReject) -> None:
    """Who compares numbers does not refuse what is to be delivered."""
    decision = decide(reject)
    assert decision.add_header_at <= decision.score < decision.reject_at


@pytest.mark.parametrize("reject", list(OnReject))
def test_a_virus_is_refused(reject: OnReject) -> None:
    """Nobody is sent a virus because its sender has a password."""
    decision = decide(reject, VIRUS)
    assert (decision.action, decision.reason) == (Action.REJECT, Reason.VIRUS)
    assert decision.redirect_to is None


@pytest.mark.parametrize("reject", list(OnReject))
def test_strangers_are_rejected(reject: OnReject) -> None:
    """What strangers send is refused, whatever becomes of our own."""
    decision = decide(reject, envelope=Envelope(client_ip=ip_address("11.22.33.44")))
    assert (decision.action, decision.redirect_to) == (Action.REJECT, None)


@pytest.mark.parametrize("ip", ["192.0.2.9", "127.0.0.1"])
def test_local_hosts_are_ours(ip: str) -> None:
    """A host of a local network, or this one, needs no password."""
    decision = decide(OnReject.FLAG, envelope=Envelope(client_ip=ip_address(ip)))
    assert decision.action is Action.ADD_HEADER


def test_what_is_not_rejected_stays() -> None:
    """Only a rejection has another end."""
    assert decide(OnReject.REDIRECT, Symbol("A", 7.0)).action is Action.ADD_HEADER
