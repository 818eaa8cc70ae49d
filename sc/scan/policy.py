"""From a verdict to a decision: pure, so that the same mail gets the same answer."""

from collections.abc import Mapping

from attrs import evolve, field, frozen

from sc.model.decision import Action, Decision, Field, Reason, ScoredSymbol
from sc.model.envelope import Direction, Envelope
from sc.model.verdict import State, Verdict, names_virus
from sc.scan import authentication, headers
from sc.scan.outbound import OutboundSettings
from sc.scan.overrides import Overrides
from sc.scan.profiles import Profile, under
from sc.scan.reasons import ALLOWED, HELD_BACK, SENTENCES, by_score, reason_of
from sc.scan.rules import Rule
from sc.scan.scoring import Scoring, total, without
from sc.scan.settings import PolicySettings, Thresholds
from sc.scanners.naming import symbol_prefix
from sc.scanners.settings import OnError, ScannerSettings

NEVER = 1000.0
"""Shown as the threshold of `reject` where no score rejects: clients need a number."""

_ON_ERROR = {
    OnError.TEMPFAIL: Action.SOFT_REJECT,
    OnError.QUARANTINE: Action.QUARANTINE,
    OnError.ACCEPT: Action.NO_ACTION,
}


@frozen
class ScannerPolicy:
    """
    @ivar on_error: what follows when the scanner could not look.
    @ivar weight: its scores are multiplied by this.
    """

    on_error: OnError = OnError.ACCEPT
    weight: float = 1.0


def scanner_policies(
    settings: Mapping[str, ScannerSettings],
) -> dict[str, ScannerPolicy]:
    """What the scanners' settings say to policy."""
    return {name: ScannerPolicy(s.on_error, s.weight) for name, s in settings.items()}


@frozen
class _Cause:
    """An action that something asks for, and why."""

    action: Action
    reason: Reason
    redirect_to: str | None = None


@frozen
class ScanPolicy:
    """
    @ivar scanners: by name; an unknown scanner has the defaults.
    @ivar software: our name and version, for the fields.
    @ivar outbound: what becomes of our own users' spam.
    @ivar hostname: ours; stands in Authentication-Results if no other name is set.
    """

    settings: PolicySettings = field(factory=PolicySettings)
    scanners: Mapping[str, ScannerPolicy] = field(factory=dict)
    software: str = "sc"
    outbound: OutboundSettings = OutboundSettings()
    hostname: str = "localhost"
    _usual: Profile = field(init=False, repr=False)
    _special: tuple[tuple[Rule, Profile], ...] = field(init=False, repr=False)

    @_usual.default
    def _read_usual(self) -> Profile:
        return Profile.read(self.settings)

    @_special.default
    def _read_special(self) -> tuple[tuple[Rule, Profile], ...]:
        rules = self.settings.rules
        return tuple((rule, Profile.read(under(rule, self.settings))) for rule in rules)

    def direction(self, envelope: Envelope) -> Direction:
        """
        An authenticated user or a local network is outbound, this host itself local.

        An unknown client is inbound.
        """
        if envelope.user:
            return Direction.OUTBOUND
        ip = envelope.client_ip
        if ip is None:
            return Direction.INBOUND
        ip = getattr(ip, "ipv4_mapped", None) or ip
        if ip.is_loopback:
            return Direction.LOCAL
        ours = any(
            ip.version == network.version and ip in network
            for network in self.settings.local_networks
        )
        return Direction.OUTBOUND if ours else Direction.INBOUND

    def profile(self, envelope: Envelope, recipient: str | None) -> int:
        """The number of the rule that counts for this recipient; 0: none does."""
        if not self._special:
            return 0
        direction = self.direction(envelope)
        fitting = (
            number
            for number, (rule, _) in enumerate(self._special, 1)
            if rule.matches(envelope, direction, recipient)
        )
        return next(fitting, 0)

    def decide(
        self, verdict: Verdict, envelope: Envelope, recipient: str | None
    ) -> Decision:
        """What follows for this recipient, and all of the same profile."""
        number = self.profile(envelope, recipient)
        profile = self._special[number - 1][1] if number else self._usual
        thresholds = profile.thresholds(self.direction(envelope))
        symbols = self._symbols(verdict, profile.scoring, thresholds)
        score = total(symbols)
        # Where two ask for the same, the first one gives the better reason.
        cause = max(
            _by_override(symbols, profile.overrides),
            _by_score(score, thresholds),
            self._by_error(verdict),
            key=lambda cause: cause.action.severity,
        )
        if cause.action is Action.NO_ACTION and verdict.errors:
            cause = _Cause(Action.NO_ACTION, Reason.UNSCANNED)
        cause = self._for_our_own(cause, envelope)
        decision = Decision(
            action=cause.action,
            reason=cause.reason,
            sentence=f"{self._sentence(cause)}; id {verdict.message_id}",
            score=_shown(score, cause.action, thresholds),
            add_header_at=thresholds.add_header,
            reject_at=_reject_at(thresholds),
            symbols=symbols,
            authserv_id=self.settings.authserv_id or self.hostname,
            subject=self._subject(cause.action),
            redirect_to=cause.redirect_to,
        )
        return evolve(decision, fields=self._fields(decision, verdict))

    def _fields(self, decision: Decision, verdict: Verdict) -> tuple[Field, ...]:
        return (
            *authentication.field(verdict, decision.authserv_id),
            *headers.fields(decision, verdict.message_id, self.software),
        )

    def _symbols(
        self, verdict: Verdict, scoring: Scoring, thresholds: Thresholds
    ) -> tuple[ScoredSymbol, ...]:
        symbols, required = [], thresholds.add_header
        for result in verdict.results:
            weight, found = self._scanner(result.scanner).weight, result.findings
            symbols += [scoring.scored(s, weight, required) for s in found.symbols]
            if result.state is State.ERROR:
                name = f"SC_UNSCANNED_{symbol_prefix(result.scanner)}"
                symbols.append(ScoredSymbol(name, 0.0, (), "could not be scanned"))
        return without(scoring.capped(symbols), ALLOWED)

    def _scanner(self, name: str) -> ScannerPolicy:
        return self.scanners.get(name, ScannerPolicy())

    def _by_error(self, verdict: Verdict) -> _Cause:
        actions = [_ON_ERROR[self._scanner(name).on_error] for name in verdict.errors]
        action = max(actions, key=lambda a: a.severity, default=Action.NO_ACTION)
        return _Cause(action, Reason.UNSCANNED if actions else Reason.CLEAN)

    def _for_our_own(self, cause: _Cause, envelope: Envelope) -> _Cause:
        ours = self.direction(envelope) is not Direction.INBOUND
        if cause.action is not Action.REJECT or not ours:
            return cause
        action = self.outbound.action(cause.reason)
        return _Cause(action, cause.reason, self.outbound.redirect_to(cause.reason))

    def _sentence(self, cause: _Cause) -> str:
        if cause.action is Action.REJECT and self.settings.reject_message:
            return self.settings.reject_message
        later = cause.action is Action.SOFT_REJECT
        return SENTENCES[cause.reason] + (", please try again later" if later else "")

    def _subject(self, action: Action) -> str | None:
        return self.settings.subject if action is Action.REWRITE_SUBJECT else None


def may_quarantine(
    settings: PolicySettings, scanners: Mapping[str, ScannerPolicy]
) -> bool:
    """Whether this configuration can yield `quarantine`, and so needs an address."""
    tables = [
        settings.overrides,
        *settings.scanner_actions.values(),
        *(rule.overrides for rule in settings.rules),
    ]
    limits = [
        settings.inbound.quarantine,
        settings.outbound.quarantine,
        *(rule.thresholds.quarantine for rule in settings.rules),
    ]
    return (
        any(Action.QUARANTINE in table.values() for table in tables)
        or any(at is not None for at in limits)
        or any(s.on_error is OnError.QUARANTINE for s in scanners.values())
    )


def _by_override(symbols: tuple[ScoredSymbol, ...], overrides: Overrides) -> _Cause:
    allowed = any(symbol.name == ALLOWED for symbol in symbols)
    causes = [
        _Cause(action, reason_of(symbol.name, action))
        for symbol in symbols
        for action in overrides.actions(symbol.name)
        if action is not Action.NO_ACTION
        and (not allowed or names_virus(symbol.name) or symbol.name in HELD_BACK)
    ]
    nothing = _Cause(Action.NO_ACTION, Reason.LISTED if allowed else Reason.CLEAN)
    # Of two that ask for the same, a virus is the better reason.
    return max(
        causes,
        key=lambda c: (c.action.severity, c.reason is Reason.VIRUS),
        default=nothing,
    )


def _by_score(score: float, thresholds: Thresholds) -> _Cause:
    steps = (
        (thresholds.reject, Action.REJECT),
        (thresholds.quarantine, Action.QUARANTINE),
        (thresholds.rewrite_subject, Action.REWRITE_SUBJECT),
        (thresholds.add_header, Action.ADD_HEADER),
        (thresholds.greylist, Action.GREYLIST),
    )
    for at, action in steps:
        if at is not None and score >= at:
            return _Cause(action, by_score(action))
    return _Cause(Action.NO_ACTION, Reason.CLEAN)


def _reject_at(thresholds: Thresholds) -> float:
    return NEVER if thresholds.reject is None else thresholds.reject


def _shown(total: float, action: Action, thresholds: Thresholds) -> float:
    """
    The score to show: an override raises it to its action's threshold.

    Exim and others compare numbers, so a score that rejects must not be shown with
    a milder action. A soft reject is no statement about spam and raises nothing.
    """
    add_header = thresholds.add_header
    least = {
        Action.REJECT: _reject_at(thresholds),
        Action.QUARANTINE: thresholds.quarantine or add_header,
        Action.REWRITE_SUBJECT: thresholds.rewrite_subject or add_header,
        Action.ADD_HEADER: add_header,
    }
    if action is not Action.REJECT:
        total = min(total, _reject_at(thresholds) - 0.01)
    return max(total, least.get(action, total))
