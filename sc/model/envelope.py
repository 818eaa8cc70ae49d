"""What came before DATA: who hands a message over, from whom, and for whom."""

from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from typing import TypeAlias

from attrs import frozen

IPAddress: TypeAlias = IPv4Address | IPv6Address


class Direction(Enum):
    """Which way a message travels, seen from this site."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    LOCAL = "local"


@frozen
class Envelope:
    """
    RFC 5321 envelope, as far as the caller told it.

    @ivar sender: reverse-path without angle brackets; "" is the null sender,
        None is unknown.
    @ivar client_ip: the host that handed the message to the MTA; never the MTA.
    @ivar user: the authenticated sender.
    @ivar preferences: SPAMC's `User`: whose preferences apply; never a direction.
    """

    sender: str | None = None
    recipients: tuple[str, ...] = ()
    client_ip: IPAddress | None = None
    client_port: int | None = None
    client_name: str | None = None
    helo: str | None = None
    user: str | None = None
    preferences: str | None = None
    queue_id: str | None = None
    tls: str | None = None
