"""The part of a report that people read: what desks ask for, in plain words.

US-ASCII, short lines. Strangers chose HELO names, hosts and URLs: nothing of theirs
can end a line here.
"""

import re
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime

from attrs import frozen

from sc.abuse.reports.original import Original
from sc.model.complaint import Complaint, LinkItem, RelayItem, SenderItem
from sc.model.evidence import Relay

MAX_URL = 900
"""Characters of a URL in one line; longer ones stand in the attached message."""

MAX_IPS = 10
"""Addresses of one host in one line."""

_ATTACHED = {
    "message/rfc822": "The message",
    "text/rfc822-headers": "Its header section",
    "application/json": "This report in XARF v4, with the message in it,",
}
"""What it is called, by its media type."""
MAX_CHAIN = 10
"""URLs that led to a link and are told, the outermost first."""

_UNSAFE = re.compile(r"[^\x20-\x7e]")


@frozen
class Author:
    """
    Who complains.

    @ivar address: the mailbox that reports come from, and where answers go.
    @ivar name: of the person or organisation; may be empty.
    @ivar software: our name and version.
    @ivar automatic: no person asked for it (RFC 3834).
    """

    address: str
    name: str = ""
    software: str = "sc"
    automatic: bool = False

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@frozen
class Incident:
    """
    One complaint, ready to be told. Everything in it is redacted.

    @ivar complaint: what its desk is to hear, and nothing else.
    @ivar sender: reverse-path of the message; "" is the null sender, None unknown.
    @ivar arrived: when the relay handed the message over, if it is known; aware.
    @ivar written: when we write; aware.
    @ivar report_id: ours, for the log and the answer.
    @ivar message_id: the Message-ID of the report, without angle brackets.
    @ivar infected: a scanner found a virus in the message.
    @ivar count: incidents that it stands for (RFC 5965 3.2); this is the latest.
    @ivar earlier: lines about the others, the oldest first; perhaps not of all.
    """

    complaint: Complaint
    original: Original
    sender: str | None
    arrived: datetime | None
    written: datetime
    report_id: str
    message_id: str
    infected: bool = False
    count: int = 1
    earlier: tuple[str, ...] = ()

    @property
    def relays(self) -> tuple[Relay, ...]:
        items = self.complaint.items
        return tuple(item.relay for item in items if isinstance(item, RelayItem))

    @property
    def hosts(self) -> tuple[LinkItem, ...]:
        items = self.complaint.items
        return tuple(item for item in items if isinstance(item, LinkItem))

    @property
    def senders(self) -> tuple[SenderItem, ...]:
        items = self.complaint.items
        return tuple(item for item in items if isinstance(item, SenderItem))


def printable(text: str, limit: int = 200) -> str:
    """Printable US-ASCII, whatever a stranger wrote."""
    text = _UNSAFE.sub("?", text[: limit + 1])
    return text if len(text) <= limit else text[:limit] + "..."


def utc(time: datetime, *, seconds: bool = True) -> str:
    """`2026-11-20 10:00:00 UTC`."""
    form = "%Y-%m-%d %H:%M:%S UTC" if seconds else "%Y-%m-%d %H:%M UTC"
    return time.astimezone(UTC).strftime(form)


def subject(incident: Incident) -> str:
    """The address and the time first: desks sort by them."""
    time = utc(incident.arrived or incident.written, seconds=False)
    if incident.relays:
        what = "virus" if incident.infected else "spam"
        return f"Abuse report: {what} from IP {incident.relays[0].ip} at {time}"
    if incident.senders:
        sender = printable(incident.senders[0].domain, 100)
        return f"Abuse report: spam signed by {sender}, {time}"
    host = incident.hosts[0]
    ip = f" (IP {host.ips[0]})" if host.ips else ""
    return f"Abuse report: spam links to {printable(host.host, 100)}{ip}, {time}"


def letter(incident: Incident, author: Author) -> str:
    """Lines end in LF."""
    paragraphs = [
        wrapped(_opening(incident)),
        *("\n".join(_relay(relay, incident)) for relay in incident.relays),
        *("\n".join(_sender(item)) for item in incident.senders),
        *("\n".join(_host(item)) for item in incident.hosts),
        *map(wrapped, attachment(incident)),
        "\n".join(_earlier(incident)),
        wrapped(
            f"Please look into it and stop it. Answers to {author.address} reach us;"
            f" our number for this report is {incident.report_id}."
        ),
        wrapped(printable(author.name)) if author.name else "",
    ]
    return "\n\n".join(p for p in paragraphs if p) + "\n"


def _opening(incident: Incident) -> str:
    many = incident.count > 1
    number = f"{incident.count} messages" if many else "One message"
    lead, names = ("advertise", "name") if many else ("advertises", "names")
    what = [
        *(["came from your network"] if incident.relays else []),
        *([f"{names} your address for complaints"] if incident.senders else []),
        *([f"{lead} links to hosts in your network"] if incident.hosts else []),
    ]
    about = (
        "mail in which a virus was found"
        if incident.infected
        else "unsolicited bulk mail (spam)"
    )
    listed = f"{', '.join(what[:-1])} and {what[-1]}" if what[1:] else what[0]
    return f"This is a report about {about}. {number} that reached us {listed}."


def _earlier(incident: Incident) -> Iterator[str]:
    """One line each: what a desk can look up in its own logs."""
    if incident.count == 1:
        return
    shown = len(incident.earlier)
    others = incident.count - 1
    latest = f", the latest {shown} of them" if shown < others else ""
    yield f"The last message is attached. The earlier {others}{latest}:"
    for line in incident.earlier:
        yield f"  {printable(line, 400)}"


def told_in_a_line(incident: Incident) -> str:
    """When, what, and our number: for a digest that this becomes part of."""
    names = [str(relay.ip) for relay in incident.relays]
    names += [printable(item.domain, 255) for item in incident.senders]
    names += [printable(item.host, 255) for item in incident.hosts]
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    time = utc(incident.arrived or incident.written)
    return f"{time}  {names[0]}{more}  {incident.report_id}"


def _relay(relay: Relay, incident: Incident) -> Iterator[str]:
    yield f"Source address:  {relay.ip}"
    if relay.port:
        yield f"Source port:     {relay.port}"
    time = relay.date or incident.arrived
    if time:
        yield f"Time:            {utc(time)}"
    if relay.by:
        yield f"Handed over to:  {printable(relay.by)}"
    if relay.helo:
        yield f"HELO name:       {printable(relay.helo)}"
    if relay.rdns:
        yield f"Reverse name:    {printable(relay.rdns)}"
    if not relay.verified:
        yield "Seen in:         a Received field that we could not verify"


def _sender(item: SenderItem) -> Iterator[str]:
    yield f"Signed by:       {printable(item.domain, 255)}"
    yield "Named in:        the field CFBL-Address (RFC 9477)"
    if item.feedback_id:
        yield f"Feedback ID:     {printable(item.feedback_id, MAX_URL)}"


def _host(item: LinkItem) -> Iterator[str]:
    yield f"Host:            {printable(item.host, 255)}"
    yield f"Addresses:       {', '.join(map(str, item.ips[:MAX_IPS])) or 'unknown'}"
    shown = len(item.links)
    number = f"{item.count}" if item.count == shown else f"{item.count}, shown {shown}"
    yield f"Links:           {number}"
    for link in item.links:
        yield f"  {printable(link.url, MAX_URL)}"
        if link.part:
            yield f"    in the attachment {printable(link.part)}"
        for url in link.chain[:MAX_CHAIN]:
            yield f"    reached through {printable(url, MAX_URL)}"


def attachment(incident: Incident) -> Iterator[str]:
    """Paragraphs: what it is, and how it differs from what came."""
    original = incident.original
    kind = original.content_type.partition(";")[0]
    yield f"{_ATTACHED[kind]} is attached."
    yield from original.notes
    yield f"SHA-256 of the message as we received it:\n{original.sha256}"


def wrapped(text: str) -> str:
    lines = text.split("\n")
    return "\n".join(textwrap.fill(line, 72, break_on_hyphens=False) for line in lines)
