"""The frame of every report that leaves by mail. Pure.

For a desk it is multipart/report (RFC 6522) in three parts: words for people, fields
for software, and what is attached.
"""

import hashlib
from collections.abc import Iterable, Iterator
from email.header import Header
from email.utils import format_datetime

from sc.abuse.reports.letter import Author, Incident, letter, subject
from sc.abuse.reports.report_id import FIELD, ReportSeal

_REPORT = "multipart/report; report-type=feedback-report"


def compose(
    incident: Incident,
    author: Author,
    seal: ReportSeal,
    fields: Iterable[tuple[str, str]],
) -> bytes:
    """
    The whole mail.

    @param fields: of the feedback report (RFC 5965 3), in order.
    """
    parts = (words(letter(incident, author)), _feedback(fields), attached(incident))
    return seal_up(incident, author, seal, _REPORT, parts)


def seal_up(
    incident: Incident,
    author: Author,
    seal: ReportSeal,
    media_type: str,
    parts: tuple[bytes, ...],
) -> bytes:
    """The whole mail, known again as ours."""
    boundary = _boundary(parts)
    body = _join(parts, boundary)
    kind = f'{media_type}; boundary="{boundary}"'
    header = dict(_header(incident, author, kind))
    header[FIELD] = seal.make(incident.report_id, header, body)
    return _lines(header.items()) + b"\r\n" + body


def words(text: str) -> bytes:
    """@param text: its lines end in LF."""
    head = _lines(
        [
            ("Content-Type", "text/plain; charset=us-ascii"),
            ("Content-Transfer-Encoding", "7bit"),
        ]
    )
    return head + b"\r\n" + text.encode("ascii", "replace").replace(b"\n", b"\r\n")


def attached(incident: Incident) -> bytes:
    original = incident.original
    head = _lines(
        [
            ("Content-Type", original.content_type),
            ("Content-Transfer-Encoding", original.encoding),
            ("Content-Disposition", original.disposition),
        ]
    )
    return head + b"\r\n" + original.octets


def _header(incident: Incident, author: Author, kind: str) -> Iterator[tuple[str, str]]:
    yield "From", _mailbox(author)
    yield "To", f"<{incident.complaint.address}>"
    yield "Reply-To", f"<{author.address}>"
    yield "Subject", subject(incident)
    yield "Date", format_datetime(incident.written)
    yield "Message-ID", f"<{incident.message_id}>"
    yield "MIME-Version", "1.0"
    yield "Content-Type", kind
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


def _feedback(fields: Iterable[tuple[str, str]]) -> bytes:
    head = _lines(
        [
            ("Content-Type", "message/feedback-report"),
            ("Content-Transfer-Encoding", "7bit"),
        ]
    )
    return head + b"\r\n" + _lines(fields)


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
