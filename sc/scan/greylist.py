"""Greylisting (RFC 6647): the first mail of a stranger has to come again.

Client network, sender and recipient are remembered together in the cache, which nodes
share. Answered after DATA, so that a callout, which ends before, is never delayed.
"""

import re
from collections.abc import Mapping
from hashlib import blake2b
from ipaddress import ip_network

from attrs import define, field
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from sc.model.decision import Action, Decision, Reason
from sc.model.envelope import Direction, Envelope
from sc.model.outcome import Outcome
from sc.model.verdict import Findings, ScannerResult, State, Symbol
from sc.scan.greylist_settings import GreylistSettings, Which
from sc.scan.reasons import GREYLISTED
from sc.store.cache import Cache

NAME = "greylist"
FORGETFUL = "SC_NOT_GREYLISTED"
"""It would have to come again, but nobody would know it then."""

_DESCRIPTIONS = {
    GREYLISTED: "the first mail from there, it is to come again",
    FORGETFUL: "the first mail from there, but the cache keeps nothing",
}
_PASSED = b"passed"
# Others may write to a shared cache: what is not one of the two is not known.
_SINCE = re.compile(rb"since ([0-9]{1,12})")


@define(eq=False)
class Greylister:
    """
    Asked when everything else is decided.

    @ivar doors: the listeners that face strangers.
    """

    _settings: GreylistSettings
    _doors: frozenset[str]
    _cache: Cache
    _clock: IReactorTime
    _forgetful: bool = field(default=False, init=False)
    _log: Logger = field(factory=Logger, init=False)

    name = NAME

    async def look(self, outcome: Outcome) -> ScannerResult | None:
        """For the recipients to whom it is not to be delivered yet."""
        recipients = self._concerned(outcome)
        if not recipients:
            return None
        origin = self._origin(outcome)
        passes = _key("from", origin, _domain(outcome.message.envelope))
        if await self._has_passed_often(passes):
            return None
        sender = outcome.message.envelope.sender or ""
        triplets = {r: _key("triplet", origin, sender, r) for r in recipients}
        waiting, lost = await self._waiting(frozenset(triplets.values()), passes)
        symbols = (
            _symbol(GREYLISTED, outcome, _of(triplets, waiting)),
            _symbol(FORGETFUL, outcome, _of(triplets, lost)),
        )
        told = tuple(symbol for symbol in symbols if symbol is not None)
        return ScannerResult(NAME, State.DONE, Findings(told)) if told else None

    def _concerned(self, outcome: Outcome) -> tuple[str, ...]:
        """The recipients whose mail from a stranger may have to come again."""
        envelope = outcome.message.envelope
        if (
            outcome.message.listener not in self._doors
            or outcome.direction is not Direction.INBOUND
            or envelope.client_ip is None
            or envelope.sender is None
        ):
            return ()
        return tuple(
            one.recipient
            for one in outcome.decisions
            if one.recipient and self._is_meant(one.decision)
        )

    def _is_meant(self, decision: Decision) -> bool:
        """What is refused is, and what a list lets in comes in."""
        severity = decision.action.severity
        if severity >= Action.SOFT_REJECT.severity or decision.reason is Reason.LISTED:
            return False
        if self._settings.which is Which.ALL:
            return True
        return severity >= Action.GREYLIST.severity

    def _origin(self, outcome: Outcome) -> str:
        """The client's network; or a domain that stands behind all of its hosts."""
        domain = _domain(outcome.message.envelope)
        for symbol in outcome.verdict.symbols:
            if symbol.name == "SPF_PASS" and domain and domain in symbol.options:
                return domain
        ip = outcome.message.envelope.client_ip
        assert ip is not None, "its mail does not concern us"
        ip = getattr(ip, "ipv4_mapped", None) or ip
        v4, v6 = self._settings.ipv4_prefix, self._settings.ipv6_prefix
        return str(ip_network((ip, v4 if ip.version == 4 else v6), strict=False))

    async def _has_passed_often(self, passes: str) -> bool:
        often = self._settings.allow_after
        if not often:
            return False
        counted = await self._cache.add_many({passes: 0}, self._settings.lifetime)
        return counted.get(passes, 0) >= often

    async def _waiting(
        self, keys: frozenset[str], passes: str
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Those that are too early, and those that the cache does not keep."""
        found = await self._cache.get_many(keys)
        ages = {key: self._age(found.get(key)) for key in keys}
        delay = self._settings.delay
        new = frozenset(key for key, age in ages.items() if age is None)
        back = frozenset(key for key, age in ages.items() if age and age >= delay)
        early = keys - new - back
        if back:
            lifetime = self._settings.lifetime
            await self._cache.set_many(dict.fromkeys(back, _PASSED), lifetime)
            if any(found[key] != _PASSED for key in back):
                await self._cache.add_many({passes: 1}, lifetime)
        lost = new - await self._begin(new)
        return early | (new - lost), lost

    def _age(self, value: bytes | None) -> float | None:
        """Seconds since the first attempt; None: nothing is known of one."""
        if value == _PASSED:
            return float("inf")
        match = _SINCE.fullmatch(value or b"")
        if match is None:
            return None
        # The clock of the node that wrote it may be ahead by a little.
        age = self._clock.seconds() - int(match[1])
        return None if age < -self._settings.delay else max(age, 0.0)

    async def _begin(self, new: frozenset[str]) -> frozenset[str]:
        """
        Note a first attempt; which of them the cache has kept.

        One that is down says nothing, and mail would have to come again for ever.
        """
        if not new:
            return new
        since = b"since %d" % self._clock.seconds()
        await self._cache.set_many(dict.fromkeys(new, since), self._settings.window)
        kept = new & (await self._cache.get_many(new)).keys()
        self._tell(forgetful=kept != new)
        return kept

    def _tell(self, *, forgetful: bool) -> None:
        """Once for each change."""
        if forgetful and not self._forgetful:
            self._log.error(
                "greylist: the cache keeps nothing, so no mail is delayed;"
                " look after the servers of `cache`"
            )
        elif self._forgetful and not forgetful:
            self._log.info("greylist: the cache keeps what it is told again")
        self._forgetful = forgetful


def _key(kind: str, *words: str) -> str:
    """Of one length, and nobody's business at the cache."""
    text = "\0".join(words).lower().encode("utf-8", "surrogatepass")
    return f"greylist-{kind}:{blake2b(text, digest_size=16).hexdigest()}"


def _domain(envelope: Envelope) -> str:
    return (envelope.sender or "").rpartition("@")[2].removesuffix(".").lower()


def _of(triplets: Mapping[str, str], keys: frozenset[str]) -> frozenset[str]:
    return frozenset(who for who, key in triplets.items() if key in keys)


def _symbol(name: str, outcome: Outcome, recipients: frozenset[str]) -> Symbol | None:
    """About these recipients; without a limit, if they are all."""
    if not recipients:
        return None
    everybody = recipients.issuperset(outcome.message.envelope.recipients)
    return Symbol(
        name,
        description=_DESCRIPTIONS[name],
        recipients=None if everybody else recipients,
    )
