"""An outbreak of spam from a user of ours."""

from attrs import frozen

QUIET = "quiet"
"""Who closed it, if nobody did."""


@frozen
class Incident:
    """
    Times are seconds since 1970.

    @ivar account: the user.
    @ivar first: when the spam began, as far as it is known.
    @ivar last: the latest spam, complaint or refused message.
    @ivar closed: None while it is open.
    @ivar closed_by: `quiet`, or who did.
    @ivar addresses: of the clients.
    @ivar samples: ids of some of the messages.
    """

    id: str
    account: str
    opened: float
    first: float
    last: float
    closed: float | None
    closed_by: str
    spam: int
    complaints: int
    addresses: tuple[str, ...]
    samples: tuple[str, ...]
