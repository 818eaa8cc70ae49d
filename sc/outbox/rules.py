"""How much may leave, and when: what the operator may say about it."""

from attrs import field, frozen, validators

HOUR = 3600.0
DAY = 86400.0


@frozen
class RateLimits:
    """
    Mails that may leave. What is above waits; what then comes for the same desk about
    the same source is merged with it into one mail.

    @ivar contact_hour: to one desk in an hour.
    @ivar contact_day: to one desk in a day.
    @ivar hour: to all desks in an hour.
    @ivar day: to all desks in a day.
    """

    contact_hour: int = field(default=20, validator=validators.ge(1))
    contact_day: int = field(default=100, validator=validators.ge(1))
    hour: int = field(default=500, validator=validators.ge(1))
    day: int = field(default=5000, validator=validators.ge(1))


@frozen
class Rules:
    """
    What the outbox goes by; a reload replaces it.

    @ivar stopped: why nothing leaves, in words; "" if reports may.
    @ivar hold_new_desks: the reports for a desk that nobody has approved, and that
        was never written to, wait for the operator.
    """

    limits: RateLimits = RateLimits()
    stopped: str = ""
    hold_new_desks: bool = False
