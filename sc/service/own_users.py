"""What watches our own users' mail: limits and outbreaks."""

from fnmatch import fnmatchcase

from attrs import define
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from sc.config.schema import Config
from sc.flow import BeforeScan, Outcome
from sc.model.decision import Action
from sc.scan import limits
from sc.scan.limits import Limits
from sc.scan.notice import NoticeWriter
from sc.scan.outbreak import Outbreak
from sc.scan.reasons import BLOCKED, LIMITED
from sc.scan.settings import PolicySettings
from sc.scan.window import Window
from sc.service.foundation import Foundation

REFUSALS = (Action.REJECT, Action.SOFT_REJECT)

_log = Logger("sc.outbreak")


@define
class OwnUsers:
    """@ivar limits: made anew by a reload; what they know is in the cache."""

    limits: Limits
    outbreak: Outbreak

    @property
    def before_scan(self) -> tuple[BeforeScan, ...]:
        return (self.outbreak, self.limits)

    def after_scan(self, outcome: Outcome) -> None:
        """The scan's caller has his answer, and waits for none of this."""
        counting = Deferred.fromCoroutine(self._count(outcome))
        counting.addErrback(
            lambda failure: _log.failure("an outcome was not counted", failure)
        )

    async def _count(self, outcome: Outcome) -> None:
        message, decision = outcome.message, outcome.decision
        await self.limits.after_scan(message, outcome.direction, decision)
        await self.outbreak.after_scan(message, decision)

    def adopt(self, config: Config, base: Foundation) -> None:
        self.outbreak.settings = config.outbreak
        self.outbreak.notices = _writer(config, base).write
        self.outbreak.settles = is_refused(config.policy, BLOCKED)
        self.limits = _limits(config, base, self.outbreak)


def build_own_users(config: Config, base: Foundation) -> OwnUsers:
    """Nothing is read before it is started."""
    found = Outbreak(
        config.outbreak,
        _writer(config, base).write,
        is_refused(config.policy, BLOCKED),
        base.cache,
        base.store,
        base.outbox,
        base.around.reactor,
        base.new_id,
        base.maillog,
        base.metrics,
    )
    return OwnUsers(_limits(config, base, found), found)


def _limits(config: Config, base: Foundation, found: Outbreak) -> Limits:
    return Limits(
        config.limits,
        Window(base.cache, base.around.reactor, limits.KIND),
        base.metrics,
        found.throttled,
        is_refused(config.policy, LIMITED),
    )


def _writer(config: Config, base: Foundation) -> NoticeWriter:
    # A reload can name whom to tell before a restart brings `abuse_report.from`.
    sender = config.abuse_report.from_ or f"postmaster@{base.hostname}"
    return NoticeWriter(config.outbreak, sender, base.hostname)


def is_refused(policy: PolicySettings, symbol: str) -> bool:
    """Whether a message with this symbol is refused, whoever sends it to whom."""
    for_some = (
        action
        for rule in policy.rules
        for pattern, action in rule.overrides.items()
        if fnmatchcase(symbol, pattern)
    )
    actions = (policy.overrides.get(symbol), *for_some)
    return all(action in REFUSALS for action in actions)
