"""Limits for each user of ours, counted by all nodes together.

A message that is to come again does not count, or a queue that tries again would keep
its user out for ever. Two counts, of what came and of what was refused, say what was
taken: both only grow, so that no two nodes can take the last place at once.
"""

from collections.abc import Callable

from attrs import define, field
from twisted.logger import Logger

from sc.metrics import Metrics
from sc.model.decision import Action, Decision
from sc.model.envelope import Direction
from sc.model.message import Message
from sc.model.verdict import Findings, Known, ScannerResult, State, Symbol
from sc.scan.limit_settings import Limit, LimitSettings
from sc.scan.own_spam import is_own_spam, sender_of
from sc.scan.reasons import LIMITED
from sc.scan.window import Window

KIND = "limits"
"""Begins the keys in the cache."""

MESSAGES, RECIPIENTS, SPAM = "messages", "recipients", "spam"
REFUSED_MESSAGES, REFUSED_RECIPIENTS = "messages-refused", "recipients-refused"
SPAM_SHARE = "spam_share"

_WORDS = {
    MESSAGES: "more messages in an hour than this user may send",
    RECIPIENTS: "more recipients in an hour than this user may write to",
    SPAM_SHARE: "too many of this user's messages are spam",
}


@define(eq=False)
class Limits:
    """
    Implements `sc.flow.BeforeScan`.

    @ivar settles: whether policy refuses what is above a limit, whatever else is
        found: then nobody need scan it.
    """

    settings: LimitSettings
    _window: Window
    _metrics: Metrics
    _throttled: Callable[[str], Limit | None] = lambda _user: None
    settles: bool = True
    _blind: bool = field(default=False, init=False)
    _log: Logger = field(factory=lambda: Logger("sc.limits"), init=False)

    @property
    def name(self) -> str:
        return "limits"

    async def look(self, message: Message, direction: Direction) -> Known | None:
        """See `sc.flow.BeforeScan.look`."""
        who, limit = self._limit_of(message, direction)
        if who is None or not limit.any:
            return None
        recipients = max(1, len(message.envelope.recipients))
        what = await self._above(who, limit, recipients)
        if not what:
            return None
        await self._refuse(who, recipients)
        self._metrics.limited(what)
        symbol = Symbol(LIMITED, options=(what,), description=_WORDS[what])
        result = ScannerResult(self.name, State.DONE, Findings((symbol,)))
        return Known(result, settled=self.settles)

    async def after_scan(
        self, message: Message, direction: Direction, decision: Decision
    ) -> None:
        """Once the answer is known: what is spam, and what is to come again."""
        who, limit = self._limit_of(message, direction)
        if who is None or not limit.any:
            return
        if limit.spam_share is not None and is_own_spam(message, decision):
            await self._window.add(who, {SPAM: 1})
        if decision.action is Action.SOFT_REJECT and not _is_limited(decision):
            await self._refuse(who, max(1, len(message.envelope.recipients)))

    async def _refuse(self, who: str, recipients: int) -> None:
        refused = {REFUSED_MESSAGES: 1, REFUSED_RECIPIENTS: recipients}
        await self._window.add(who, refused)

    def _limit_of(
        self, message: Message, direction: Direction
    ) -> tuple[str | None, Limit]:
        local = self.settings.local_networks
        who = sender_of(message.envelope, direction, local_networks=local)
        usual = self.settings.of(who or "")
        throttled = self._throttled(who) if who else None
        return who, usual if throttled is None else usual.and_also(throttled)

    async def _above(self, who: str, limit: Limit, recipients: int) -> str:
        """Which limit this message is above; "" for none."""
        counts = await self._window.add(
            who,
            {
                MESSAGES: 1,
                RECIPIENTS: recipients,
                SPAM: 0,
                REFUSED_MESSAGES: 0,
                REFUSED_RECIPIENTS: 0,
            },
        )
        self._tell(blind=counts is None)
        if counts is None:
            return ""
        messages = counts[MESSAGES] - counts[REFUSED_MESSAGES]
        if limit.messages is not None and messages > limit.messages:
            return MESSAGES
        written_to = counts[RECIPIENTS] - counts[REFUSED_RECIPIENTS]
        if limit.recipients is not None and written_to > limit.recipients:
            return RECIPIENTS
        spam = counts[SPAM]
        if limit.spam_share is not None and spam >= self.settings.spam_from:
            # This message is not known to be spam yet.
            return SPAM_SHARE if spam / max(messages, 1.0) > limit.spam_share else ""
        return ""

    def _tell(self, *, blind: bool) -> None:
        """Mail must flow without the cache; that no limit counts is worth a line."""
        if blind and not self._blind:
            self._log.warn(
                "the cache does not count: `limits` hold nobody back until it does;"
                " look for the line about the cache server"
            )
        elif self._blind and not blind:
            self._log.info("the cache counts again: `limits` count, too")
        self._blind = blind


def _is_limited(decision: Decision) -> bool:
    """Then it was taken off before the scan."""
    return any(symbol.name == LIMITED for symbol in decision.symbols)
