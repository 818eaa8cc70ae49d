"""Allow and deny lists: what the operator knows of clients, senders and users.

What they say is a result in the verdict, like a scanner's: `SC_ALLOWED` or `SC_DENIED`
with the kind of the entry. Its value is not told: strangers and other recipients read
our fields.
"""

from collections.abc import Iterator

from attrs import define, frozen
from twisted.internet.interfaces import IReactorTime

from sc.model.envelope import Direction, Envelope
from sc.model.message import Message
from sc.model.outcome import Outcome
from sc.model.verdict import Findings, Known, ScannerResult, State, Symbol, Verdict
from sc.scan.list_entry import Entry, Kind
from sc.scan.list_table import Table
from sc.scan.reasons import ALLOWED, DENIED

NAME = "lists"
UNPROVEN = "SC_SENDER_UNPROVEN"

_DESCRIPTIONS = {
    ALLOWED: "a list of this site lets such mail in",
    DENIED: "a list of this site keeps such mail out",
    UNPROVEN: "the sender is allowed, but anybody may have written his name",
}


@frozen
class Tables:
    """Both lists, as they are now."""

    allow: Table = Table()
    deny: Table = Table()

    @property
    def count(self) -> int:
        return self.allow.count + self.deny.count

    def about(self, what: str, now: float) -> Iterator[tuple[str, Entry]]:
        """`allow` or `deny`, and what would count for an address or a user."""
        for name, table in (("allow", self.allow), ("deny", self.deny)):
            for entry in table.about(what, now):
                yield name, entry


@define
class HeldTables:
    """@ivar now: replaced when a file or the configuration has changed."""

    now: Tables = Tables()


@frozen
class Lists:
    """
    Asked before a message is scanned.

    @ivar settles: whether policy refuses what is denied, whatever else is found.
    """

    _clock: IReactorTime
    _held: HeldTables
    settles: bool = True

    name = NAME

    def of_recipient(self, recipient: str) -> tuple[bool, bool]:
        """Whether somebody is on either list."""
        envelope = Envelope(recipients=(recipient,))
        said = self._rules(envelope).of_recipients()
        names = {symbol.name for symbol in said}
        return ALLOWED in names, DENIED in names

    async def look(self, message: Message, direction: Direction) -> Known | None:
        """What is denied need not be scanned, nor what an allowed network sends."""
        rules = self._rules(message.envelope)
        origin = rules.of_origin(direction)
        if origin is not None:
            settled = self.settles or origin.name == ALLOWED
            return Known(_result(origin), settled)
        said = rules.of_recipients()
        nobody = any(s.name == DENIED and s.recipients is None for s in said)
        return Known(_result(*said), nobody and self.settles) if said else None

    def _rules(self, envelope: Envelope) -> "_Rules":
        return _Rules(self._held.now, envelope, self._clock.seconds())


@frozen
class AllowedSenders:
    """
    Asked when the scanners have spoken: a stranger writes the sender, so the name
    counts only with the client's network, or where SPF passes; and for the recipients
    of whom nothing is said yet.
    """

    _clock: IReactorTime
    _held: HeldTables

    name = NAME

    async def look(self, outcome: Outcome) -> ScannerResult | None:
        said = [s for s in outcome.verdict.symbols if s.name in (ALLOWED, DENIED)]
        everybody = any(symbol.recipients is None for symbol in said)
        if outcome.direction is not Direction.INBOUND or everybody:
            return None
        envelope = outcome.message.envelope
        rules = _Rules(self._held.now, envelope, self._clock.seconds())
        entries = tuple(rules.senders(self._held.now.allow))
        recipients = frozenset(envelope.recipients)
        others = recipients.difference(*(s.recipients or () for s in said))
        if not entries or (said and not others):
            return None
        if not any(_proven(e, envelope, outcome.verdict) for e in entries):
            return _result(_symbol(UNPROVEN, Kind.SENDER))
        return _result(_symbol(ALLOWED, Kind.SENDER, _some(others, recipients)))


@frozen
class _Rules:
    """What the lists say about one envelope."""

    tables: Tables
    envelope: Envelope
    now: float

    def of_origin(self, direction: Direction) -> Symbol | None:
        """About the one who hands it over; a denial counts first."""
        allow, deny = self.tables.allow, self.tables.deny
        allowed, denied = self._network(allow), self._network(deny)
        if allowed is not None and _is_smaller(allowed, denied):
            denied = None
        if denied is None and direction is Direction.INBOUND:
            denied = next(self._senders_from_there(deny), None)
        denied = denied or self._user(deny)
        if denied is not None:
            return _symbol(DENIED, denied.kind)
        return None if allowed is None else _symbol(ALLOWED, allowed.kind)

    def of_recipients(self) -> tuple[Symbol, ...]:
        """About some or all recipients; an allowed user's may all be."""
        everybody = frozenset(self.envelope.recipients)
        denied = self._recipients(self.tables.deny)
        user = self._user(self.tables.allow)
        listed = everybody if user else self._recipients(self.tables.allow)
        allowed = listed - denied
        said = []
        if denied:
            said.append(_symbol(DENIED, Kind.RECIPIENT, _some(denied, everybody)))
        if allowed or (user and not denied):
            kind = Kind.USER if user else Kind.RECIPIENT
            said.append(_symbol(ALLOWED, kind, _some(allowed, everybody)))
        return tuple(said)

    def senders(self, table: Table) -> Iterator[Entry]:
        sender = self.envelope.sender
        if sender:
            yield from table.addresses(Kind.SENDER, sender, self.now)

    def _senders_from_there(self, table: Table) -> Iterator[Entry]:
        for entry in self.senders(table):
            if entry.network is None or entry.covers(self.envelope.client_ip):
                yield entry

    def _network(self, table: Table) -> Entry | None:
        """Who has given a password is judged by his name, wherever he is."""
        ip = self.envelope.client_ip
        if ip is None or self.envelope.user:
            return None
        return next(table.clients(ip, self.now), None)

    def _user(self, table: Table) -> Entry | None:
        user = self.envelope.user
        return next(table.users(user, self.now), None) if user else None

    def _recipients(self, table: Table) -> frozenset[str]:
        return frozenset(
            recipient
            for recipient in self.envelope.recipients
            if any(table.addresses(Kind.RECIPIENT, recipient, self.now))
        )


def _is_smaller(entry: Entry, other: Entry | None) -> bool:
    if other is None or entry.network is None or other.network is None:
        return True
    return entry.network.prefixlen > other.network.prefixlen


def _proven(entry: Entry, envelope: Envelope, verdict: Verdict) -> bool:
    if entry.network is not None:
        return entry.covers(envelope.client_ip)
    domain = (envelope.sender or "").rpartition("@")[2].removesuffix(".").lower()
    return any(s.name == "SPF_PASS" and domain in s.options for s in verdict.symbols)


def _some(some: frozenset[str], everybody: frozenset[str]) -> frozenset[str] | None:
    return None if some == everybody else some


def _symbol(name: str, kind: Kind, recipients: frozenset[str] | None = None) -> Symbol:
    return Symbol(
        name,
        options=(kind.value,),
        description=_DESCRIPTIONS[name],
        recipients=recipients,
    )


def _result(*symbols: Symbol) -> ScannerResult:
    flagged = tuple(s.name for s in symbols if s.name == DENIED)
    return ScannerResult(NAME, State.DONE, Findings(symbols, flagged))
