"""How a scanner fares, as the status pages and the start-up lines tell it."""

from datetime import datetime
from enum import Enum

from attrs import frozen


class Health(Enum):
    """
    `ABSENT`: `auto`, and never seen up: skipped. `FAILING`: it should be there: an
    error for every message. `OFF`: switched off by the operator.
    """

    UNKNOWN = "unknown"
    UP = "up"
    FAILING = "failing"
    ABSENT = "absent"
    OFF = "off"


@frozen
class ServerStatus:
    """
    One of several servers that do a scanner's work.

    @ivar interface: `socket` or `network`.
    @ivar error: why it is not up; without paths or secrets.
    """

    interface: str
    health: Health
    since: datetime
    error: str = ""


@frozen
class ScannerStatus:
    """
    @ivar interface: `socket`, `network`, `cli` or `builtin`.
    @ivar error: why it is not up; without paths or secrets.
    @ivar seconds: how long its last answer took.
    @ivar servers: in the configured order; empty if it has none.
    """

    name: str
    interface: str
    health: Health
    since: datetime
    error: str = ""
    seconds: float | None = None
    servers: tuple[ServerStatus, ...] = ()
