"""What watches our own users' mail: limits."""

from fnmatch import fnmatchcase

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from sc.config.schema import Config
from sc.flow import BeforeScan, Outcome
from sc.model.decision import Action
from sc.scan.limits import KIND, Limits
from sc.scan.reasons import LIMITED
from sc.scan.settings import PolicySettings
from sc.scan.window import Window
from sc.service.foundation import Foundation

REFUSALS = (Action.REJECT, Action.SOFT_REJECT)

_log = Logger("sc.limits")


@frozen
class OwnUsers:
    limits: Limits

    @property
    def before_scan(self) -> tuple[BeforeScan, ...]:
        return (self.limits,)

    def after_scan(self, outcome: Outcome) -> None:
        """The scan's caller has his answer, and waits for none of this."""
        counting = Deferred.fromCoroutine(
            self.limits.after_scan(outcome.message, outcome.direction, outcome.decision)
        )
        counting.addErrback(
            lambda failure: _log.failure("an outcome was not counted", failure)
        )


def build_own_users(config: Config, base: Foundation) -> OwnUsers:
    """What they remember is in the cache, and stays over a reload."""
    window = Window(base.cache, base.around.reactor, KIND)
    settles = is_refused(config.policy, LIMITED)
    return OwnUsers(Limits(config.limits, window, base.metrics, settles))


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
