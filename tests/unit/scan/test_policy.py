"""sc.scan.policy: what follows from a verdict."""

from ipaddress import ip_address, ip_network

import pytest

from sc.model.decision import Action, Decision, Reason
from sc.model.envelope import Direction, Envelope
from sc.model.verdict import Findings, ScannerResult, State, Symbol, Verdict
from sc.scan.policy import (
    NEVER,
    ScannerPolicy,
    ScanPolicy,
    may_quarantine,
    scanner_policies,
)
from sc.scan.reasons import SENTENCES
from sc.scan.settings import PolicySettings, Thresholds
from sc.scanners.registry import ScannersSettings
from sc.scanners.settings import OnError

TEMPFAIL = {"clamav": ScannerPolicy(OnError.TEMPFAIL)}
VIRUS = Symbol("CLAMAV_VIRUS", options=("Eicar",))


def done(name: str, *symbols: Symbol) -> ScannerResult:
    return ScannerResult(name, State.DONE, Findings(symbols))


def error(name: str) -> ScannerResult:
    return ScannerResult(name, State.ERROR, error="down")


def decide(*results: ScannerResult, policy: ScanPolicy | None = None) -> Decision:
    verdict = Verdict("m1", results)
    return (policy or ScanPolicy()).decide(verdict, Envelope(), "a@example.org")


@pytest.mark.parametrize(
    ("score", "action", "reason"),
    [
        (-3.0, Action.NO_ACTION, Reason.CLEAN),
        (5.99, Action.NO_ACTION, Reason.CLEAN),
        (6.0, Action.ADD_HEADER, Reason.SPAM),
        (9.0, Action.REWRITE_SUBJECT, Reason.SPAM),
        (12.0, Action.QUARANTINE, Reason.SPAM),
        (14.99, Action.QUARANTINE, Reason.SPAM),
        (15.0, Action.REJECT, Reason.SPAM),
    ],
)
def test_thresholds(score: float, action: Action, reason: Reason) -> None:
    """The score reaches an action at its threshold, not before."""
    thresholds = Thresholds(rewrite_subject=9.0, quarantine=12.0)
    policy = ScanPolicy(PolicySettings(inbound=thresholds))
    decision = decide(done("x", Symbol("A", score)), policy=policy)
    assert (decision.action, decision.reason) == (action, reason)
    assert decision.score == score
    assert (decision.add_header_at, decision.reject_at) == (6.0, 15.0)


def test_spamassassin_is_scaled() -> None:
    """SpamAssassin's own threshold meets `add header`, whatever it is set to."""
    decision = decide(done("sa", Symbol("SPAMASSASSIN", 4.0, required=4.0)))
    assert (decision.action, decision.score) == (Action.ADD_HEADER, 6.0)
    almost = decide(done("sa", Symbol("SPAMASSASSIN", 3.9, required=4.0)))
    assert almost.action is Action.NO_ACTION


@pytest.mark.parametrize("required", [0.0, -2.0])
def test_required_without_scale(required: float) -> None:
    """A threshold of zero or less still marks from there on, and no sooner."""
    at = decide(done("sa", Symbol("S", required, required=required)))
    below = decide(done("sa", Symbol("S", required - 0.1, required=required)))
    assert (at.action, below.action) == (Action.ADD_HEADER, Action.NO_ACTION)


def test_weight() -> None:
    """A scanner's weight multiplies its scores."""
    policy = ScanPolicy(scanners={"x": ScannerPolicy(weight=0.5)})
    decision = decide(done("x", Symbol("A", 10.0)), policy=policy)
    assert [s.score for s in decision.symbols] == [5.0]
    assert decision.action is Action.NO_ACTION


@pytest.mark.parametrize(
    ("symbol", "action", "reason", "score"),
    [
        ("CLAMAV_VIRUS", Action.REJECT, Reason.VIRUS, 15.0),
        ("EICAR", Action.REJECT, Reason.VIRUS, 15.0),
        ("EICAR_UNWANTED", Action.ADD_HEADER, Reason.TEST, 6.0),
        ("GTUBE", Action.REJECT, Reason.TEST, 15.0),
        ("GTPHISH", Action.REJECT, Reason.TEST, 15.0),
        ("GTUBE_ADD_HEADER", Action.ADD_HEADER, Reason.TEST, 6.0),
        ("GTUBE_REWRITE_SUBJECT", Action.REWRITE_SUBJECT, Reason.TEST, 6.0),
        ("SA_GTUBE", Action.NO_ACTION, Reason.CLEAN, 0.0),
        ("SA_SOME_VIRUS", Action.NO_ACTION, Reason.CLEAN, 0.0),
        ("ICAP_VIRUS", Action.REJECT, Reason.VIRUS, 15.0),
        ("SC_DENIED", Action.REJECT, Reason.LISTED, 15.0),
        ("SC_GREYLISTED", Action.SOFT_REJECT, Reason.GREYLISTED, 0.0),
        ("SC_LIMITED", Action.SOFT_REJECT, Reason.LIMITED, 0.0),
        ("SC_BLOCKED", Action.REJECT, Reason.BLOCKED, 15.0),
    ],
)
def test_overrides(symbol: str, action: Action, reason: Reason, score: float) -> None:
    """A symbol can force an action, and the shown score rises to its threshold."""
    decision = decide(done("x", Symbol(symbol)))
    assert (decision.action, decision.reason) == (action, reason)
    assert decision.score == score


@pytest.mark.parametrize(
    ("overrides", "action", "reason"),
    [
        ({"SA_*": Action.QUARANTINE}, Action.QUARANTINE, Reason.SPAM),
        ({"SA_BAD": Action.GREYLIST}, Action.GREYLIST, Reason.SUSPICIOUS),
        ({"SA_BAD": Action.NO_ACTION}, Action.NO_ACTION, Reason.CLEAN),
        ({"XX_*": Action.REJECT}, Action.NO_ACTION, Reason.CLEAN),
        ({"SA_BAD": Action.REJECT}, Action.REJECT, Reason.SPAM),
        (
            {"SA_*": Action.REJECT, "SA_BAD": Action.ADD_HEADER},
            Action.ADD_HEADER,
            Reason.SPAM,
        ),
    ],
)
def test_own_overrides(
    overrides: dict[str, Action], action: Action, reason: Reason
) -> None:
    """An operator can force actions by symbol, with wildcards."""
    policy = ScanPolicy(PolicySettings(overrides=overrides))
    decision = decide(done("x", Symbol("SA_BAD")), policy=policy)
    assert (decision.action, decision.reason) == (action, reason)


@pytest.mark.parametrize(
    ("symbol", "reason"),
    [
        ("URIBL_PHISHING", Reason.PHISHING),
        ("DMARC_REJECT", Reason.POLICY),
        ("SA_BAD", Reason.SPAM),
    ],
)
def test_reason_of_an_override(symbol: str, reason: Reason) -> None:
    """What a symbol is about is told by the reason, not by its scanner."""
    policy = ScanPolicy(PolicySettings(overrides={symbol: Action.REJECT}))
    assert decide(done("x", Symbol(symbol)), policy=policy).reason is reason


def test_allowed() -> None:
    """Who is allowed has no score, and no override; a virus is still refused."""
    allowed, spam = done("lists", Symbol("SC_ALLOWED")), done("x", Symbol("A", 20.0))
    decision = decide(allowed, spam, done("y", Symbol("GTUBE")))
    assert (decision.action, decision.reason) == (Action.NO_ACTION, Reason.LISTED)
    assert (decision.score, decision.symbols[0].score) == (0.0, -20.0)
    virus = decide(allowed, spam, done("clamav", VIRUS))
    assert (virus.action, virus.reason) == (Action.REJECT, Reason.VIRUS)


def test_every_reason_has_a_sentence() -> None:
    """No word without its sentence, and none that names a scanner."""
    assert SENTENCES.keys() == set(Reason)


def test_override_never_softens() -> None:
    """A symbol that asks for a mild action does not save a spam from its score."""
    decision = decide(done("x", Symbol("GTUBE_ADD_HEADER", 20.0)))
    assert (decision.action, decision.score) == (Action.REJECT, 20.0)


def test_virus_is_the_better_reason() -> None:
    """Of two overrides that reject, the virus is named."""
    decision = decide(done("x", Symbol("GTUBE"), VIRUS))
    assert decision.reason is Reason.VIRUS


def test_named_cause_is_the_better_reason() -> None:
    """A test pattern whose score rejects anyway is told as a test pattern."""
    decision = decide(done("x", Symbol("GTUBE"), Symbol("SA", 1000.0)))
    assert (decision.reason, decision.score) == (Reason.TEST, 1000.0)


def test_unscanned_tempfails() -> None:
    """By default a message that ClamAV could not scan comes again later."""
    decision = decide(error("clamav"), policy=ScanPolicy(scanners=TEMPFAIL))
    assert (decision.action, decision.reason) == (Action.SOFT_REJECT, Reason.UNSCANNED)
    assert decision.sentence == (
        "This message could not be checked, please try again later; id m1"
    )
    assert not decision.is_spam


def test_unscanned_accepted_is_never_silent() -> None:
    """Accepted unscanned: the reason and a symbol say so."""
    decision = decide(error("spamassassin"), done("clamav"))
    assert (decision.action, decision.reason) == (Action.NO_ACTION, Reason.UNSCANNED)
    assert [s.name for s in decision.symbols] == ["SC_UNSCANNED_SPAMASSASSIN"]
    assert decision.fields[0].value == "Unknown"


def test_unscanned_quarantined() -> None:
    """An operator can keep unscanned mail aside."""
    policy = ScanPolicy(scanners={"clamav": ScannerPolicy(OnError.QUARANTINE)})
    decision = decide(error("clamav"), policy=policy)
    assert (decision.action, decision.reason) == (Action.QUARANTINE, Reason.UNSCANNED)


def test_virus_wins_over_an_error() -> None:
    """A virus that one scanner found is refused, though another is down."""
    policy = ScanPolicy(scanners={"other": ScannerPolicy(OnError.TEMPFAIL)})
    decision = decide(error("other"), done("clamav", VIRUS), policy=policy)
    assert (decision.action, decision.reason) == (Action.REJECT, Reason.VIRUS)


def test_spam_wins_over_an_accepted_error() -> None:
    """What the others found still counts."""
    decision = decide(error("x"), done("y", Symbol("A", 7.0)))
    assert (decision.action, decision.reason) == (Action.ADD_HEADER, Reason.SPAM)


def test_reject_switched_off() -> None:
    """Without a threshold no score rejects, nor looks as if it did; a virus does."""
    settings = PolicySettings(inbound=Thresholds(reject=None))
    marked = decide(done("x", Symbol("A", 1200.0)), policy=ScanPolicy(settings))
    assert marked.action is Action.ADD_HEADER
    assert marked.score < marked.reject_at == NEVER
    virus = decide(done("x", VIRUS), policy=ScanPolicy(settings))
    assert (virus.action, virus.score) == (Action.REJECT, NEVER)


def test_reject_message() -> None:
    """The operator's own words reach a rejected sender, with the message id."""
    policy = ScanPolicy(PolicySettings(reject_message="Call +1 555 0100"))
    assert decide(done("x", VIRUS), policy=policy).sentence == (
        "Call +1 555 0100; id m1"
    )
    assert "Call" not in decide(done("x"), policy=policy).sentence


def test_sentences_name_no_scanner() -> None:
    """Strangers do not learn which scanners we have."""
    for results in ([done("x", VIRUS)], [error("clamav")], [done("clamav")]):
        sentence = decide(*results, policy=ScanPolicy(scanners=TEMPFAIL)).sentence
        assert "clamav" not in sentence.lower()
        assert sentence.endswith(" m1")


def test_subject() -> None:
    """Only `rewrite subject` has a new Subject."""
    assert decide(done("x", Symbol("GTUBE_REWRITE_SUBJECT"))).subject == (
        "*** SPAM *** %s"
    )
    assert decide(done("x", VIRUS)).subject is None


@pytest.mark.parametrize(
    ("envelope", "direction"),
    [
        (Envelope(), Direction.INBOUND),
        (Envelope(preferences="root"), Direction.INBOUND),
        (Envelope(client_ip=ip_address("203.0.113.1")), Direction.INBOUND),
        (Envelope(client_ip=ip_address("203.0.113.1"), user="joe"), Direction.OUTBOUND),
        (Envelope(client_ip=ip_address("192.0.2.7")), Direction.OUTBOUND),
        (Envelope(client_ip=ip_address("::ffff:192.0.2.7")), Direction.OUTBOUND),
        (Envelope(client_ip=ip_address("2001:db8::1")), Direction.INBOUND),
        (Envelope(client_ip=ip_address("::1")), Direction.LOCAL),
    ],
)
def test_direction(envelope: Envelope, direction: Direction) -> None:
    """Users and local networks send out; a preference name says nothing."""
    local = (ip_network("192.0.2.0/24"),)
    policy = ScanPolicy(PolicySettings(local_networks=local))
    assert policy.direction(envelope) is direction


def test_outbound_thresholds() -> None:
    """Mail of our own users has its own thresholds."""
    policy = ScanPolicy(PolicySettings(outbound=Thresholds(reject=8.0)))
    verdict = Verdict("m1", (done("x", Symbol("A", 8.0)),))
    assert policy.decide(verdict, Envelope(user="joe"), None).action is Action.REJECT
    assert policy.decide(verdict, Envelope(), None).action is Action.ADD_HEADER


@pytest.mark.parametrize(
    ("settings", "policies", "answer"),
    [
        (PolicySettings(), {}, False),
        (PolicySettings(inbound=Thresholds(quarantine=10.0)), {}, True),
        (PolicySettings(outbound=Thresholds(quarantine=10.0)), {}, True),
        (PolicySettings(overrides={"A": Action.QUARANTINE}), {}, True),
        (PolicySettings(), {"x": ScannerPolicy(OnError.QUARANTINE)}, True),
        (PolicySettings(), scanner_policies(ScannersSettings().by_name), False),
    ],
)
def test_may_quarantine(
    settings: PolicySettings, policies: dict[str, ScannerPolicy], answer: object
) -> None:
    """A configuration that can quarantine is known before any message comes."""
    assert may_quarantine(settings, policies) is answer


def test_default_errors() -> None:
    """ClamAV's absence delays mail; every other scanner's does not."""
    policies = scanner_policies(ScannersSettings().by_name)
    assert policies["clamav"].on_error is OnError.TEMPFAIL
    assert policies["spamassassin"].on_error is OnError.ACCEPT
    assert policies["patterns"].on_error is OnError.ACCEPT


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Thresholds(add_header=0.0),
        lambda: Thresholds(reject=5.0),
        lambda: Thresholds(reject=float("inf")),
        lambda: PolicySettings(reject_message="two\nlines"),
        lambda: PolicySettings(quarantine_address="nobody"),
        lambda: PolicySettings(subject="no place for the old one"),
        lambda: PolicySettings(overrides={"gtube": Action.REJECT}),
    ],
)
def test_impossible_settings(wrong: object) -> None:
    """A setting that cannot work is refused with a sentence."""
    with pytest.raises(ValueError, match="must"):
        wrong()  # type: ignore[operator]
