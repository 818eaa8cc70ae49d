"""An outbreak: a user of ours sends spam. One incident, whichever nodes see it.

Spam is counted in the cache, so that nodes see it together; an incident is a row of
the store, committed together with the notices that tell of it.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from attrs import define, evolve, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from sc.maillog import MailLog
from sc.metrics import Metrics
from sc.model.decision import Decision
from sc.model.envelope import Direction
from sc.model.incident import Incident
from sc.model.message import Message
from sc.model.verdict import Findings, Known, ScannerResult, State, Symbol
from sc.outbox.admission import enlist
from sc.outbox.entry import Entry, NewReport
from sc.outbox.outbox import Outbox
from sc.scan import incident_table as table
from sc.scan.facts import Facts, account_of, of_spam
from sc.scan.limit_settings import Limit
from sc.scan.outbreak_settings import OnOutbreak, OutbreakSettings
from sc.scan.own_spam import is_own_spam
from sc.scan.reasons import BLOCKED
from sc.scan.window import Window
from sc.store.cache import Cache
from sc.store.interface import Cursor, Store, StoreError

KIND = "outbreak"
"""Begins the keys in the cache."""

SPAM, COMPLAINTS = "spam", "complaints"

LOOK = 10.0
"""Seconds between two looks at the store: what other nodes opened and closed, and
what this one has seen of open incidents."""

MAX_USERS = 2000
"""Whose spam is remembered before it is an incident; the oldest are forgotten."""

DAY = 86400.0

Notices = Callable[[Incident, bytes], Sequence[NewReport]]
"""What is sent about a new incident, with the beginning of a message."""


@define(eq=False)
class Outbreak:
    """
    Implements `sc.flow.BeforeScan`.

    @ivar settings: a reload replaces them.
    @ivar notices: likewise.
    @ivar settles: whether policy refuses who is blocked, whatever else is found.
    """

    settings: OutbreakSettings
    notices: Notices
    settles: bool
    _cache: Cache
    _store: Store
    _outbox: Outbox
    _clock: IReactorTime
    _new_id: Callable[[], str]
    _maillog: MailLog
    _metrics: Metrics
    _open: frozenset[str] = field(default=frozenset(), init=False)
    _closed: Mapping[str, str] = field(factory=dict, init=False)
    _seen: OrderedDict[str, Facts] = field(factory=OrderedDict, init=False)
    _looking: LoopingCall = field(init=False)
    _informed: bool = field(default=False, init=False)
    _blind: bool = field(default=False, init=False)
    _log: Logger = field(factory=lambda: Logger("sc.outbreak"), init=False)

    def __attrs_post_init__(self) -> None:
        self._looking = LoopingCall(lambda: Deferred.fromCoroutine(self.refresh()))
        self._looking.clock = self._clock

    @property
    def name(self) -> str:
        return "outbreak"

    def start(self) -> None:
        """The store is open."""
        self._looking.start(LOOK)

    async def stop(self) -> None:
        """Write down what was seen last; the store is still open."""
        if self._looking.running:
            self._looking.stop()
            await self.refresh()

    # -- what flow asks and tells

    async def look(self, message: Message, direction: Direction) -> Known | None:
        """See `sc.flow.BeforeScan.look`."""
        user, follows = message.envelope.user, self.settings.on_outbreak
        if not user or follows is OnOutbreak.NOTIFY:
            return None
        if not self._informed:
            await self.refresh()  # The daemon starts, and mail has waited for it.
        account = account_of(user)
        if follows is not OnOutbreak.BLOCK or account not in self._open:
            return None
        now = self._clock.seconds()
        self._remember(account, Facts(now, now))
        symbol = Symbol(BLOCKED, description="an outbreak of this user's is open")
        result = ScannerResult(self.name, State.DONE, Findings((symbol,)))
        return Known(result, settled=self.settles)

    def throttled(self, user: str) -> Limit | None:
        """The limit that an incident brings to its user."""
        throttles = self.settings.on_outbreak is OnOutbreak.THROTTLE
        if not throttles or account_of(user) not in self._open:
            return None
        return Limit(messages=self.settings.throttle)

    async def after_scan(self, message: Message, decision: Decision) -> None:
        """Count spam, and see whether it is too much."""
        user = message.envelope.user
        if not user or self.settings.spam is None or not is_own_spam(message, decision):
            return
        now, content = self._clock.seconds(), self.settings.content
        facts = of_spam(message, now, content=content)
        await self._count(account_of(user), facts, SPAM, self.settings.spam)

    async def complained(self, user: str, message_id: str) -> None:
        """A feedback report came about a message of this user's."""
        if self.settings.complaints is None:
            return
        now = self._clock.seconds()
        facts = Facts(now, now, complaints=1, samples=(message_id,))
        account = account_of(user)
        await self._count(account, facts, COMPLAINTS, self.settings.complaints)

    async def _count(self, account: str, facts: Facts, what: str, most: int) -> None:
        self._remember(account, facts)
        if account in self._open:
            return  # the next look writes it down
        window = Window(self._cache, self._clock, KIND, self.settings.window)
        # After an incident was closed counting begins anew.
        who = f"{account}\n{self._closed.get(account, '')}"
        counts = await window.add(who, {what: 1})
        if counts is not None and counts[what] >= most:
            await self._raise(account)

    def _remember(self, account: str, facts: Facts) -> None:
        known = self._seen.get(account)
        old = known is not None and facts.last - known.last > self.settings.window
        if known is not None and not old:
            facts = known.and_then(facts)
        self._seen[account] = facts
        self._seen.move_to_end(account)
        if len(self._seen) > MAX_USERS:
            self._seen.popitem(last=False)

    # -- the incident

    async def _raise(self, account: str) -> None:
        """Open it, unless another node has; with its notices, or not at all."""
        facts = self._seen.pop(account, None)
        if facts is None:
            return  # what came at the same moment has it
        now = self._clock.seconds()
        new = table.begun(self._new_id(), account, facts, now)
        notices = [
            evolve(notice, id=self._new_id())
            for notice in self.notices(new, facts.content)
        ]

        def work(cursor: Cursor) -> Sequence[Entry] | None:
            old = table.find_open(cursor, account)
            if old is not None:
                table.add(cursor, old, facts)
                return None
            table.insert(cursor, new)
            return [enlist(cursor, notice, now) for notice in notices]

        try:
            entries = await self._store.transact(work)
        except StoreError as e:
            self._remember(account, facts)
            self._log.error(
                "an outbreak of {account} is not written down: {e}; it is tried again"
                " with the next message",
                account=account,
                e=e,
            )
            return
        self._open |= {account}
        if entries is not None:
            self._metrics.incident()
            self._maillog.incident(new)
            self._outbox.announce(entries)

    async def refresh(self) -> None:
        """What was seen goes into the store; what other nodes did comes from it."""
        now = self._clock.seconds()
        seen = {a: self._seen.pop(a) for a in self._open if a in self._seen}
        quiet, keep = self.settings.quiet, self.settings.keep_days * DAY

        def work(
            cursor: Cursor,
        ) -> tuple[Sequence[Incident], frozenset[str], Mapping[str, str]]:
            for account, facts in seen.items():
                old = table.find_open(cursor, account)
                if old is not None:
                    table.add(cursor, old, facts)
            ended = table.close_quiet(cursor, now - quiet, now)
            table.purge(cursor, now - keep)
            since = now - 2 * self.settings.window
            closed = table.closed_since(cursor, since)
            return ended, table.open_accounts(cursor), closed

        try:
            ended, self._open, self._closed = await self._store.transact(work)
        except StoreError as e:
            for account, facts in seen.items():
                self._remember(account, facts)
            self._tell_blind(str(e))
            return
        finally:
            self._informed = True
        self._blind = False
        self._metrics.tell_incidents(len(self._open))
        for incident in ended:
            self._maillog.incident(incident)

    def _tell_blind(self, why: str) -> None:
        if not self._blind:
            self._log.error("incidents cannot be read or written now: {why}", why=why)
        self._blind = True

    # -- what the operator asks

    async def list(self, limit: int, *, only_open: bool = False) -> Sequence[Incident]:
        """The open ones first, then the latest."""
        return await self._store.transact(
            lambda cursor: table.latest(cursor, limit, only_open=only_open)
        )

    async def get(self, incident_id: str) -> Incident:
        """
        @raise NoSuchIncidentError: there is none.
        """
        return await self._store.transact(
            lambda cursor: table.read(cursor, incident_id)
        )

    async def close(self, incident_id: str, by: str) -> Incident:
        """
        The user may send again; other nodes know it within `LOOK` seconds.

        @raise NoSuchIncidentError: there is none.
        """
        now = self._clock.seconds()

        def work(cursor: Cursor) -> tuple[Incident, bool]:
            old = table.read(cursor, incident_id)
            if old.closed is not None:
                return old, False
            return table.close(cursor, old, now, by), True

        incident, changed = await self._store.transact(work)
        if changed:
            self._seen.pop(incident.account, None)
            self._open -= {incident.account}
            self._closed = {**self._closed, incident.account: incident.id}
            self._metrics.tell_incidents(len(self._open))
            self._maillog.incident(incident)
        return incident
