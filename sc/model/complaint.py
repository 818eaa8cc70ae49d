"""The evidence for one abuse contact."""

from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias

from attrs import frozen

from sc.model.envelope import IPAddress
from sc.model.evidence import Link, Relay

IPNetwork: TypeAlias = IPv4Network | IPv6Network


@frozen
class Contact:
    """
    Who to tell for a network, where we learned it, and why this mailbox.

    @ivar source: `rdap`, `override`, ...
    @ivar reason: the rule that chose the mailbox, in words.
    @ivar alternatives: the other mailboxes, best first.
    @ivar note: a sentence for whoever asked: why it is not the one they may expect.
    """

    address: str
    source: str
    reason: str
    network: IPNetwork | None = None
    alternatives: tuple[str, ...] = ()
    note: str = ""


@frozen
class RelayItem:
    relay: Relay
    contact: Contact


@frozen
class LinkItem:
    """All links to one host; `links` holds at most 20, `count` says how many."""

    host: str
    ips: tuple[IPAddress, ...]
    links: tuple[Link, ...]
    count: int
    contact: Contact


@frozen
class SenderItem:
    """
    The message itself, for the desk that its sender chose (RFC 9477).

    @ivar domain: of the author, who signed the choice.
    @ivar feedback_id: the sender's name for the message, or "".
    """

    domain: str
    feedback_id: str
    contact: Contact


NetworkItem: TypeAlias = RelayItem | LinkItem
Item: TypeAlias = NetworkItem | SenderItem


@frozen
class Complaint:
    """@ivar mailable: its desk is written to about one of the items at least."""

    address: str
    items: tuple[Item, ...]
    mailable: bool
