"""What a message proves about its source: the relay, and the links."""

from datetime import datetime
from enum import Enum

from attrs import field, frozen

from sc.model.envelope import IPAddress


class Role(Enum):
    """What a link does. Only those that navigate make us write to somebody."""

    NAVIGATES = "navigates"
    RESOURCE = "resource"
    UNSUBSCRIBE = "unsubscribe"


@frozen
class Relay:
    """
    The host that handed the message to the trusted boundary.

    @ivar verified: seen by a host that we trust; only such a relay is reported.
    @ivar header: the whole Received field, unfolded; "" if the envelope told us.
    @ivar hop: index of that field from the top; None if the envelope told us.
    """

    ip: IPAddress
    verified: bool
    helo: str | None = None
    rdns: str | None = None
    by: str | None = None
    date: datetime | None = None
    protocol: str | None = None
    port: int | None = None
    hop: int | None = None
    header: str = ""


@frozen
class Link:
    """
    One URL, canonical by WHATWG rules.

    @ivar url: as a browser would open it.
    @ivar host: lower case, A-labels, no trailing dot; an address without brackets.
    @ivar chain: the URLs that led to it, outermost first.
    @ivar part: the attachment in which it hides; "" if the message shows it.
    """

    url: str
    host: str
    role: Role
    chain: tuple[str, ...] = ()
    part: str = ""


@frozen
class Attached:
    """
    What an attachment holds.

    @ivar name: for people.
    @ivar urls: as they stand in it.
    @ivar problem: why they are not all; "" if they are.
    """

    name: str
    urls: tuple[tuple[str, Role], ...] = ()
    problem: str = ""


@frozen
class Evidence:
    """
    @ivar relays: one verified relay, or (boundary not configured) every public
        address of the Received fields, unverified.
    @ivar fingerprint: SHA-256 in hex of the message without its trace fields.
    @ivar skip: why this message must not be reported at all (a DSN, a feedback
        report, our own user); "" if it may be.
    @ivar ignored: hosts, with all below them, that never count, wherever a link
        leads.
    """

    fingerprint: str
    relays: tuple[Relay, ...] = ()
    links: tuple[Link, ...] = field(default=(), repr=lambda v: f"<{len(v)} links>")
    warnings: tuple[str, ...] = ()
    skip: str = ""
    ignored: frozenset[str] = field(default=frozenset(), repr=False)
