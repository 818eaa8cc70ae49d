"""What a message proves about its source: the relay, and the links. Pure."""

from collections.abc import Iterator

from attrs import evolve, field, frozen, validators

from sc.content.addresses import is_public, unmapped
from sc.content.fields import RawField
from sc.content.fingerprint import fingerprint
from sc.content.kind import automatic
from sc.content.links import LinkLimits, find_links
from sc.content.media import Media
from sc.content.mime import Limits, read
from sc.content.received import Hop, read_received
from sc.content.urls import within
from sc.model.complaint import IPNetwork
from sc.model.envelope import Envelope, IPAddress
from sc.model.evidence import Attached, Evidence, Relay
from sc.model.message import Message
from sc.model.report import Boundary

OWN_USER = "submitted by an authenticated user"
NOT_FOUND = "trusted_boundary was not found in the Received fields: no relay"
NOT_CONFIGURED = "trusted_boundary is not configured: no relay is verified"
NO_RECEIVED = "no Received field names a public address: no relay"

MAX_HOPS = 100
"""Received fields that are read; RFC 5321 6.3 calls 100 a loop."""

EFFORT = 4
"""What an octet costs here, against the octets that `Offload` counts: in 32 KiB there
is room for 2,000 links, which hold a slow machine for more than 20 ms."""


@frozen
class EvidenceSettings:
    """
    @ivar ignored_link_hosts: hosts, with all below them, never complained about.
    @ivar local_networks: our own networks: never a relay to complain about.
    @ivar max_links: distinct links that are kept.
    @ivar max_octets: of a message that are read for links.
    """

    ignored_link_hosts: tuple[str, ...] = ()
    local_networks: tuple[IPNetwork, ...] = ()
    max_links: int = field(default=2000, validator=validators.ge(1))
    max_octets: int = field(default=64 << 20, validator=validators.ge(1))


@frozen
class _Source:
    """
    What the envelope or the Received fields say about the source.

    @ivar recipients: as hosts of ours wrote them down.
    """

    relays: tuple[Relay, ...] = ()
    warnings: tuple[str, ...] = ()
    own_user: bool = False
    recipients: tuple[str, ...] = ()


def gather(
    message: Message,
    boundary: Boundary,
    settings: EvidenceSettings,
    attached: tuple[Attached, ...] = (),
) -> Evidence:
    """
    Read relay and links; what is missing stands in the warnings.

    @param attached: what `sc.attached` found.
    """
    document = read(message.content, Limits(octets=settings.max_octets), _is_text)
    skip = automatic(document.fields)
    source = _find_source(message.envelope, document.fields, boundary, settings)
    if source.own_user:
        skip = skip or OWN_USER
    recipients = message.envelope.recipients + source.recipients
    ignored = frozenset(_ignored(recipients, boundary, settings))
    limits = LinkLimits(links=settings.max_links)
    found = find_links(document, ignored, limits, attached)
    return Evidence(
        fingerprint=fingerprint(message.content),
        relays=source.relays,
        links=found.links,
        warnings=document.warnings + source.warnings + found.warnings,
        skip=skip,
        ignored=ignored,
    )


def _is_text(media: Media) -> bool:
    """Attachments are not read for links; an attached message is."""
    if media.type == "message/rfc822":
        return True
    return media.type.startswith("text/") and not media.attachment


def _ignored(
    recipients: tuple[str, ...], boundary: Boundary, settings: EvidenceSettings
) -> Iterator[str]:
    """
    Configured hosts, and our own and the recipients' domains.

    @param recipients: of the envelope, or as our own host wrote them down; those of
        To and Cc are the sender's words.
    """
    yield from (h.lower().strip(".") for h in settings.ignored_link_hosts)
    yield from (d.lower().strip(".") for d in boundary.domains + boundary.names)
    for recipient in recipients:
        domain = recipient.rpartition("@")[2].lower().strip(".")
        if "." in domain:
            yield domain


def _find_source(
    envelope: Envelope,
    fields: tuple[RawField, ...],
    boundary: Boundary,
    settings: EvidenceSettings,
) -> _Source:
    """The envelope's client first; then Received, at the boundary."""
    if envelope.user:
        return _own_user()
    own = boundary.cidrs + settings.local_networks
    hops = _hops(fields)
    client = unmapped(envelope.client_ip) if envelope.client_ip else None
    if client and _is_foreign(client, own):
        return _Source((_client_relay(client, envelope, boundary, hops, own),))
    if boundary.configured:
        return _at_boundary(boundary, hops, own)
    return _every_address(hops, own, legacy_all=boundary.legacy_all)


def _own_user() -> _Source:
    return _Source(warnings=(f"{OWN_USER}: not reported",), own_user=True)


def _is_foreign(ip: IPAddress, own: tuple[IPNetwork, ...]) -> bool:
    return is_public(ip) and not any(ip in network for network in own)


def _hops(fields: tuple[RawField, ...]) -> Iterator[tuple[int, Hop]]:
    """Newest first, with the number of the field; POP and IMAP are no handover."""
    received = (f.value for f in fields if f.name.lower() == "received")
    for index, value in zip(range(MAX_HOPS), received, strict=False):
        hop = read_received(value)
        if hop and not hop.fetched:
            yield index, hop


def _relay(index: int, hop: Hop, ip: IPAddress, *, verified: bool) -> Relay:
    return Relay(
        ip=ip,
        verified=verified,
        helo=hop.helo,
        rdns=hop.rdns,
        by=hop.by or None,
        date=hop.date,
        protocol=hop.protocol,
        port=hop.port,
        hop=index,
        header=hop.header,
    )


def _client_relay(
    client: IPAddress,
    envelope: Envelope,
    boundary: Boundary,
    hops: Iterator[tuple[int, Hop]],
    own: tuple[IPNetwork, ...],
) -> Relay:
    """The envelope's client; our own Received field adds date and header if there."""
    relay = Relay(ip=client, verified=True)
    if boundary.configured:
        logged = _at_boundary(boundary, hops, own).relays
        relay = next((r for r in logged if r.ip == client), relay)
    return evolve(
        relay,
        helo=envelope.helo or relay.helo,
        rdns=envelope.client_name or relay.rdns,
        port=envelope.client_port or relay.port,
    )


def _at_boundary(
    boundary: Boundary,
    hops: Iterator[tuple[int, Hop]],
    own: tuple[IPNetwork, ...],
) -> _Source:
    """
    The first address that is not ours, if a host of ours wrote it down.

    Everything below that field the stranger may have written.
    """
    for index, hop in hops:
        if hop.local or (hop.ip and not _is_foreign(hop.ip, own)):
            continue  # Within a host, or between our own.
        # A shape that we cannot read may be the one that matters: go no further,
        # for what is below it a stranger may have written.
        if hop.ip is None or not _is_ours(hop, boundary):
            break
        if hop.authenticated:
            return _own_user()
        taken_for = (hop.recipient,) if hop.recipient else ()
        relay = _relay(index, hop, hop.ip, verified=True)
        return _Source((relay,), recipients=taken_for)
    return _Source(warnings=(NOT_FOUND,))


def _is_ours(hop: Hop, boundary: Boundary) -> bool:
    """
    By name, at a label's boundary; or by its own address.

    Where only addresses are configured, the chain itself says it: the newest field
    is our MTA's, and each next one was written by the host of ours from which it
    came.
    """
    if hop.by_ip and any(hop.by_ip in network for network in boundary.cidrs):
        return True
    if not boundary.names and not boundary.domains:
        return True
    names = (n.lower().rstrip(".") for n in boundary.names)
    domains = (d.lower().strip(".") for d in boundary.domains)
    return hop.by in names or any(within(hop.by, d) for d in domains)


def _every_address(
    hops: Iterator[tuple[int, Hop]],
    own: tuple[IPNetwork, ...],
    *,
    legacy_all: bool,
) -> _Source:
    """
    No boundary: every public address, as a hint; each may be forged.

    @param legacy_all: the operator knows, and wants all of them reported.
    """
    found: dict[IPAddress, Relay] = {}
    for index, hop in hops:
        if hop.ip and hop.ip not in found and _is_foreign(hop.ip, own):
            found[hop.ip] = _relay(index, hop, hop.ip, verified=False)
    if not found:
        return _Source(warnings=(NO_RECEIVED,))
    warnings = () if legacy_all else (NOT_CONFIGURED,)
    return _Source(tuple(found.values()), warnings)
