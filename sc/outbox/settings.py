"""What the operator may say about the outbox."""

from attrs import Attribute, field, frozen, validators

DAY = 86400.0

TAKEOVER = 3600.0
"""
Seconds for which what a node has begun is its own. A living node needs less for any
step; what a dead one left is then taken up by the nodes that share its store.
"""

AHEAD = 3600.0
"""Seconds by which the clocks of two nodes never differ."""

LONGEST_CLAIM = TAKEOVER + AHEAD
"""
Seconds: a claim that lasts longer was made by a clock that was wrong. A node whose
clock is a little ahead claims a little longer than `TAKEOVER`, seen from the others.
"""


def _delays(_: object, __: "Attribute[tuple[float, ...]]", value: object) -> None:
    if not isinstance(value, tuple) or not value or min(value) <= 0:
        raise ValueError("retry_delays needs at least one time, each above 0")


@frozen
class OutboxSettings:
    """
    @ivar suppress_days: the same evidence goes to the same contact once in so many
        days.
    @ivar retry_delays: seconds after each attempt that failed for the moment; the
        last one repeats.
    @ivar max_age: seconds after which a report that still waits has failed.
    @ivar body_days: days for which a mail is kept after its report's last state.
    @ivar row_days: days for which the report itself is kept after it.
    @ivar concurrency: connections to the relay at a time.
    @ivar stop_timeout: seconds in which attempts may end when the daemon stops.
    """

    suppress_days: float = field(default=30.0, validator=validators.ge(0))
    retry_delays: tuple[float, ...] = field(
        default=(60.0, 300.0, 900.0, 3600.0, 10800.0), validator=_delays
    )
    max_age: float = field(default=2 * DAY, validator=validators.gt(0))
    body_days: float = field(default=7.0, validator=validators.ge(0))
    row_days: float = field(default=30.0, validator=validators.ge(0))
    concurrency: int = field(default=4, validator=[validators.ge(1), validators.le(50)])
    stop_timeout: float = field(default=10.0, validator=validators.ge(0))

    def __attrs_post_init__(self) -> None:
        # A row that is gone suppresses nothing.
        if self.row_days < self.suppress_days:
            raise ValueError("row_days must not be below suppress_days")
        if self.row_days < self.body_days:
            raise ValueError("row_days must not be below body_days")

    def delay(self, attempts: int) -> float:
        """Seconds to wait after so many attempts, at least one."""
        return self.retry_delays[min(attempts, len(self.retry_delays)) - 1]
