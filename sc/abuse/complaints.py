"""Evidence and contacts to complaints: one for each desk. Pure.

And who of them gets mail: nobody makes us write to more than `MAX_DESKS`, nor for an
image that a spammer took from a stranger's host.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping

from attrs import define, evolve, field, frozen

from sc.abuse.aliases import final
from sc.abuse.providers import cloudflare
from sc.abuse.settings import AbuseReportSettings
from sc.content.urls import within
from sc.model.complaint import (
    Complaint,
    Contact,
    Item,
    LinkItem,
    RelayItem,
    SenderItem,
)
from sc.model.envelope import IPAddress
from sc.model.evidence import Evidence, Link, Role

MAX_HOSTS = 100
"""Hosts of one message that are looked up."""

MAX_DESKS = 20
"""Desks that get mail about one message."""

MAX_LINKS = 20
"""Links to one host that are told; the rest is counted."""

# RFC 5321 4.1.2, without quoted local parts: no desk has one. Nothing that could end
# a line, a path or a header field.
_ADDRESS = re.compile(
    r"(?=.{3,254}\Z)[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}"
    r"@(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}\.)){1,20}[A-Za-z0-9-]{2,63}\Z"
)


@frozen
class Known:
    """
    What was found out about a message's hosts and addresses.

    @ivar addresses: of each host that was resolved.
    @ivar contacts: of each address whose desk is known.
    @ivar sender: the desk that the message's sender chose.
    """

    addresses: Mapping[str, tuple[IPAddress, ...]] = field(factory=dict)
    contacts: Mapping[IPAddress, Contact] = field(factory=dict)
    sender: SenderItem | None = None


@frozen
class Grouped:
    """
    @ivar complaints: everything, for the answer.
    @ivar to_mail: what each desk is written, with only the items that justify it.
    """

    complaints: tuple[Complaint, ...] = ()
    to_mail: tuple[Complaint, ...] = ()
    warnings: tuple[str, ...] = ()


def hosts_of(evidence: Evidence) -> dict[str, list[Link]]:
    """Links by host: those that navigate first, so that the caps cut the others."""
    hosts: dict[str, list[Link]] = {}
    for link in sorted(evidence.links, key=lambda x: x.role is not Role.NAVIGATES):
        hosts.setdefault(link.host, []).append(link)
    return hosts


def group(
    evidence: Evidence,
    known: Known,
    settings: AbuseReportSettings,
    *,
    legacy_all: bool = False,
    sending: bool = False,
) -> Grouped:
    """
    @param legacy_all: relays that no trusted host saw are written about, too.
    @param sending: complaints are those to the final recipients: providers and, by
        the aliases, desks.
    """
    desks: dict[str, _Desk] = {}
    refused: dict[str, None] = {}
    for contact, item in _items(evidence, known):
        recipient = _recipient(item, settings) if sending else contact.address
        checked = dict.fromkeys((contact.address, recipient))
        checked.pop(cloudflare.NAME, None)
        problems = (_refusal(address, item, settings) for address in checked)
        problem = next(filter(None, problems), "")
        if problem:
            refused[problem] = None
        else:
            desk = desks.setdefault(recipient.lower(), _Desk(recipient))
            desk.items.append(item)
    complaints = [desk.complaint(legacy_all=legacy_all) for desk in desks.values()]
    to_mail = [_worth_mail(c, legacy_all=legacy_all) for c in complaints if c.mailable]
    contacts = (item.contact for complaint in complaints for item in complaint.items)
    notes = dict.fromkeys(contact.note for contact in contacts if contact.note)
    warnings = [*refused, *notes]
    if len(to_mail) > MAX_DESKS:
        warnings.append(
            f"{len(to_mail)} desks would get mail: only {MAX_DESKS} are written to"
        )
    return Grouped(tuple(complaints), tuple(to_mail[:MAX_DESKS]), tuple(warnings))


def dedupe_key(complaint: Complaint, fingerprint: str) -> str:
    """The same for the same evidence about the same message to the same desk."""
    relays = {str(i.relay.ip) for i in complaint.items if isinstance(i, RelayItem)}
    hosts = {i.host for i in complaint.items if isinstance(i, LinkItem)}
    parts = [complaint.address.lower(), sorted(relays), sorted(hosts), fingerprint]
    parts += sorted({i.domain for i in complaint.items if isinstance(i, SenderItem)})
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def source_key(complaint: Complaint, *, infected: bool = False) -> str:
    """
    The same for what comes from the same relay, or, without one, leads to the same
    hosts: such reports may become one. Spam and viruses are told apart.
    """
    relays = {str(i.relay.ip) for i in complaint.items if isinstance(i, RelayItem)}
    hosts = {i.host for i in complaint.items if isinstance(i, LinkItem)}
    senders = {i.domain for i in complaint.items if isinstance(i, SenderItem)}
    source = sorted(relays or hosts or senders)
    return hashlib.sha256(json.dumps([source, infected]).encode()).hexdigest()


def summary(complaint: Complaint) -> str:
    """A few words for the log: addresses and hosts."""
    words = sources(complaint)
    more = f" and {len(words) - 5} more" if len(words) > 5 else ""
    return ",".join(words[:5]) + more


def _name(item: Item) -> str:
    if isinstance(item, RelayItem):
        return str(item.relay.ip)
    return item.host if isinstance(item, LinkItem) else item.domain


def sources(complaint: Complaint) -> tuple[str, ...]:
    """The addresses, hosts and domains that a desk is told about, each once."""
    return tuple(dict.fromkeys(map(_name, complaint.items)))


@define
class _Desk:
    address: str
    items: list[Item] = field(factory=list)

    def complaint(self, *, legacy_all: bool) -> Complaint:
        mailable = any(justifies(item, legacy_all=legacy_all) for item in self.items)
        return Complaint(self.address, tuple(self.items), mailable)


def _items(evidence: Evidence, known: Known) -> Iterator[tuple[Contact, Item]]:
    """Relays first: when there are too many desks, theirs come first."""
    for relay in evidence.relays:
        contact = known.contacts.get(relay.ip)
        if contact:
            yield contact, RelayItem(relay, contact)
    if known.sender:
        yield known.sender.contact, known.sender
    for host, links in hosts_of(evidence).items():
        yield from _host_items(host, links, known)


def _host_items(
    host: str, links: list[Link], known: Known
) -> Iterator[tuple[Contact, Item]]:
    """A host may have addresses in several networks: each hears of its own."""
    ips: dict[str, list[IPAddress]] = {}
    for ip in known.addresses.get(host, ()):
        if ip in known.contacts:
            ips.setdefault(known.contacts[ip].address.lower(), []).append(ip)
    for theirs in ips.values():
        contact = known.contacts[theirs[0]]
        told = tuple(links[:MAX_LINKS])
        yield contact, LinkItem(host, tuple(theirs), told, len(links), contact)


def _recipient(item: Item, settings: AbuseReportSettings) -> str:
    """In the end: a provider in place of the desk, or who stands in its place."""
    if cloudflare.takes(settings.providers.cloudflare, item):
        return cloudflare.NAME
    return final(item.contact.address, settings.aliases)


def _refusal(address: str, item: Item, settings: AbuseReportSettings) -> str:
    """Why this desk must not hear of this; "" if it may."""
    if not _ADDRESS.match(address):
        return f"the contact {address[:80]!r} is not an address: not reported"
    domain = address.rpartition("@")[2].lower()
    own = settings.address.lower()
    if own and (address.lower() == own or domain == own.rpartition("@")[2]):
        return f"{address} is our own: not reported"
    for desk in settings.never_desks:
        if address.lower() == desk.lower() or within(domain, desk.lower()):
            return f"{address} is in abuse_report.never_desks: not reported"
    if isinstance(item, LinkItem) and _is_spared(item.host, settings):
        return f"{item.host[:255]} is in abuse_report.never_domains: not reported"
    for ip in _addresses(item):
        if _in_any(ip, settings):
            return f"{ip} is in abuse_report.never_networks: not reported"
    return ""


def _is_spared(host: str, settings: AbuseReportSettings) -> bool:
    """Links only: whoever has an address chooses its reverse name."""
    return any(within(host, d.lower().rstrip(".")) for d in settings.never_domains)


def _addresses(item: Item) -> tuple[IPAddress, ...]:
    if isinstance(item, RelayItem):
        return (item.relay.ip,)
    return item.ips if isinstance(item, LinkItem) else ()


def _in_any(ip: IPAddress, settings: AbuseReportSettings) -> bool:
    return any(
        ip.version == network.version and ip in network
        for network in settings.never_networks
    )


def justifies(item: Item, *, legacy_all: bool) -> bool:
    """A desk is written to about it; all else stands in the answer only."""
    if isinstance(item, RelayItem):
        return item.relay.verified or legacy_all
    if isinstance(item, SenderItem):
        return True
    return any(link.role is Role.NAVIGATES for link in item.links)


def _worth_mail(complaint: Complaint, *, legacy_all: bool) -> Complaint:
    """Without the resources and the unverified, which stand in the answer only."""
    kept = tuple(i for i in complaint.items if justifies(i, legacy_all=legacy_all))
    return evolve(complaint, items=tuple(_navigating(kept)))


def _navigating(items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        if isinstance(item, LinkItem):
            links = tuple(x for x in item.links if x.role is Role.NAVIGATES)
            # Those that navigate come first: after another one there is none.
            unseen = item.count - len(item.links) if links == item.links else 0
            yield evolve(item, links=links, count=len(links) + unseen)
        else:
            yield item
