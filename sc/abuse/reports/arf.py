"""One report of abuse in the Abuse Reporting Format (RFC 5965). Pure."""

from collections.abc import Iterator
from email.utils import format_datetime

from sc.abuse.reports.letter import MAX_URL, Author, Incident, printable
from sc.abuse.reports.mail import compose
from sc.abuse.reports.report_id import ReportSeal
from sc.content.addresses import parse

MAX_REPORTED = 50
"""Reported-URI and Reported-Domain fields, each: desks read the first ones."""


def write(incident: Incident, author: Author, seal: ReportSeal) -> bytes:
    """
    The whole mail: CRLF line ends, no line above 998 octets, no NUL.

    8-bit only where the attached message is; everything of ours is US-ASCII.
    """
    return compose(incident, author, seal, _feedback(incident, author))


def _feedback(incident: Incident, author: Author) -> Iterator[tuple[str, str]]:
    """RFC 5965 3.1 to 3.3, and Source-Port of RFC 6692."""
    yield "Feedback-Type", "virus" if incident.infected else "abuse"
    yield "User-Agent", author.software
    yield "Version", "1"
    if incident.sender is not None:
        yield "Original-Mail-From", f"<{printable(incident.sender, 320)}>"
    if incident.arrived:
        yield "Arrival-Date", format_datetime(incident.arrived)
    relay = incident.relays[0] if incident.relays else None
    by = relay.by if relay and relay.verified and relay.by else author.domain
    yield "Reporting-MTA", f"dns; {printable(by)}"
    if relay:
        yield "Source-IP", str(relay.ip)
        if relay.port:
            yield "Source-Port", str(relay.port)
    yield "Incidents", str(incident.count)
    yield from _reported(incident)


def _reported(incident: Incident) -> Iterator[tuple[str, str]]:
    for sender in incident.senders:
        yield "Reported-Domain", printable(sender.domain, 255)
    for item in incident.hosts[:MAX_REPORTED]:
        if parse(item.host) is None:  # An address is no domain.
            yield "Reported-Domain", printable(item.host, 255)
    # Two short links may lead to one page.
    urls = dict.fromkeys(link.url for item in incident.hosts for link in item.links)
    # A URL has no blank to fold at, and half of one leads elsewhere.
    fitting = [url for url in urls if len(url) <= MAX_URL]
    for url in fitting[:MAX_REPORTED]:
        yield "Reported-URI", printable(url, MAX_URL)
