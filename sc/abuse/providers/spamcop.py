"""SpamCop: the message itself, by mail, as its submission addresses take it. Pure.

It finds out by itself whom to tell, and tells them when its user has confirmed it.
"""

from collections.abc import Iterator

from sc.abuse.reports.letter import Author, Incident, attachment, wrapped
from sc.abuse.reports.mail import attached, seal_up, words
from sc.abuse.reports.report_id import ReportSeal

NAME = "spamcop"


def takes(incident: Incident) -> bool:
    """
    Whole messages only, of which a desk is written about relay or links, and no
    viruses.
    """
    whole = incident.original.content_type == "message/rfc822"
    known = bool(incident.relays or incident.hosts)
    return whole and known and not incident.infected


def write(incident: Incident, author: Author, seal: ReportSeal) -> bytes:
    """The whole mail; line ends and octets as of `sc.abuse.reports.arf.write`."""
    text = "\n\n".join(map(wrapped, _paragraphs(incident))) + "\n"
    parts = (words(text), attached(incident))
    return seal_up(incident, author, seal, "multipart/mixed", parts)


def _paragraphs(incident: Incident) -> Iterator[str]:
    yield "Unsolicited bulk mail (spam) that reached us."
    yield from attachment(incident)
    yield f"Our number for it is {incident.report_id}."
