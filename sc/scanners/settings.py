"""What an operator may set for every scanner; each adds what is its own."""

from enum import Enum
from typing import Any

from attrs import field, frozen

from sc.model.envelope import Direction
from sc.net.server import read_server


class Enabled(Enum):
    """`auto`: used where it is found; once found, its absence is an error."""

    TRUE = "true"
    FALSE = "false"
    AUTO = "auto"


class OnError(Enum):
    """What policy does with a message that the scanner could not look at."""

    TEMPFAIL = "tempfail"
    ACCEPT = "accept"
    QUARANTINE = "quarantine"


def are_servers(_instance: object, _attribute: Any, value: tuple[str, ...]) -> None:
    if not value:
        raise ValueError("must name at least one server")
    for server in value:
        read_server(server)


def positive(_instance: object, _attribute: Any, value: float) -> None:
    if not value > 0:
        raise ValueError("must be more than 0")


def not_negative(_instance: object, _attribute: Any, value: float) -> None:
    if value < 0:
        raise ValueError("must not be less than 0")


def _named(_instance: object, _attribute: Any, value: tuple[Direction, ...]) -> None:
    if not value:
        raise ValueError("must name inbound, outbound or local")


def is_score(_instance: object, _attribute: Any, value: float) -> None:
    if not abs(value) <= 1000:
        raise ValueError("must be between -1000 and 1000")


@frozen(kw_only=True)
class ScannerSettings:
    """
    What every scanner has.

    @ivar enabled: `auto` uses it where it is found.
    @ivar timeout: seconds for the whole look at one message.
    @ivar on_error: what follows when it could not look at a message.
    @ivar weight: its scores are multiplied by this.
    @ivar required: true: neither a listener nor a request can leave it out.
    @ivar directions: of the mail that it looks at.
    """

    enabled: Enabled = Enabled.AUTO
    timeout: float = field(default=30.0, validator=positive)
    on_error: OnError = OnError.ACCEPT
    weight: float = field(default=1.0, validator=not_negative)
    required: bool = False
    directions: tuple[Direction, ...] = field(
        default=tuple(Direction), validator=_named
    )
