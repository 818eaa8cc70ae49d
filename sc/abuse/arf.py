"""One report of abuse in the Abuse Reporting Format (RFC 5965). Pure.

Three parts: words for people, fields for software, and the message itself.
"""

import hashlib
from collections.abc import Iterable, Iterator
from email.header import Header
from email.utils import format_datetime

from sc.abuse.letter import MAX_URL, Author, Incident, letter, printable, subject
from sc.abuse.report_id import FIELD, ReportSeal
from sc.content.addresses import parse

MAX_REPORTED = 50
"""Reported-URI and Reported-Domain fields, each: desks read the first ones."""


def write(incident: Incident, author: Author, seal: ReportSeal) -> bytes:
    """
    The whole mail: CRLF line ends, no line above 998 octets, no NUL.

    8-bit only where the attached message is; everything of ours is US-ASCII.
    """
    parts = (_words(incident, author), _fields(incident, author), _attached(incident))
    boundary = _boundary(parts)
    body = _join(parts, boundary)
    header = dict(_header(incident, author, boundary))
    header[FIELD] = seal.make(incident.report_id, header, body)
    return _lines(header.items()) + b"\r\n" + body


def _header(
    incident: Incident, author: Author, boundary: str
) -> Iterator[tuple[str, str]]:
    yield "From", _mailbox(author)
    yield "To", f"<{incident.complaint.address}>"
    yield "Reply-To", f"<{author.address}>"
    yield "Subject", subject(incident)
    yield "Date", format_datetime(incident.written)
    yield "Message-ID", f"<{incident.message_id}>"
    yield "MIME-Version", "1.0"
    yield (
        "Content-Type",
        f'multipart/report; report-type=feedback-report; boundary="{boundary}"',
    )
    if incident.original.encoding == "8bit":
        yield "Content-Transfer-Encoding", "8bit"
    if author.automatic:
        yield "Auto-Submitted", "auto-generated"


def _mailbox(author: Author) -> str:
    """RFC 2047 for any name but a plain one: no quoting to get wrong."""
    if not author.name:
        return f"<{author.address}>"
    name = "".join(c if c.isprintable() else " " for c in author.name)
    if not (name.isascii() and name.replace(" ", "").isalnum()):
        # One encoded word a line; the lines are folded at these blanks.
        name = Header(name, "utf-8", maxlinelen=75).encode(linesep="\r\n")
    return f"{name} <{author.address}>"


def _words(incident: Incident, author: Author) -> bytes:
    head = _lines(
        [
            ("Content-Type", "text/plain; charset=us-ascii"),
            ("Content-Transfer-Encoding", "7bit"),
        ]
    )
    text = letter(incident, author).encode("ascii", "replace")
    return head + b"\r\n" + text.replace(b"\n", b"\r\n")


def _fields(incident: Incident, author: Author) -> bytes:
    head = _lines(
        [
            ("Content-Type", "message/feedback-report"),
            ("Content-Transfer-Encoding", "7bit"),
        ]
    )
    return head + b"\r\n" + _lines(_feedback(incident, author))


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
    yield "Incidents", "1"
    yield from _reported(incident)


def _reported(incident: Incident) -> Iterator[tuple[str, str]]:
    for item in incident.hosts[:MAX_REPORTED]:
        if parse(item.host) is None:  # An address is no domain.
            yield "Reported-Domain", printable(item.host, 255)
    urls = (link.url for item in incident.hosts for link in item.links)
    # A URL has no blank to fold at, and half of one leads elsewhere.
    fitting = [url for url in urls if len(url) <= MAX_URL]
    for url in fitting[:MAX_REPORTED]:
        yield "Reported-URI", printable(url, MAX_URL)


def _attached(incident: Incident) -> bytes:
    original = incident.original
    head = _lines(
        [
            ("Content-Type", original.content_type),
            ("Content-Transfer-Encoding", original.encoding),
            ("Content-Disposition", "inline"),
        ]
    )
    return head + b"\r\n" + original.octets


def _boundary(parts: tuple[bytes, ...]) -> str:
    """
    It cannot stand in what it separates: that would be a text with its own hash in it.
    """
    return "=_sc_" + hashlib.sha256(b"".join(parts)).hexdigest()[:48]


def _join(parts: tuple[bytes, ...], boundary: str) -> bytes:
    line = f"--{boundary}".encode()
    pieces = [b"".join((line, b"\r\n", part, b"\r\n")) for part in parts]
    return b"".join([*pieces, line, b"--\r\n"])


def _lines(fields: Iterable[tuple[str, str]]) -> bytes:
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in fields)
