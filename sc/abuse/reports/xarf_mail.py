"""An XARF v4 report as a mail, as xarf.org describes its transport. Pure.

The frame is that of ARF, but nobody's ARF reader knows the type, and the message is
inside of the JSON: only for desks that ask for it.
"""

import json
from base64 import encodebytes

from attrs import evolve

from sc.abuse.reports.letter import Author, Incident
from sc.abuse.reports.mail import compose
from sc.abuse.reports.original import Original
from sc.abuse.reports.report_id import ReportSeal
from sc.abuse.reports.xarf import Report

NAME = "xarf.json"


def enclose(report: Report, incident: Incident, author: Author) -> Incident:
    """
    The same incident with the report attached, which holds the message.

    @param incident: about the report's one item.
    """
    return evolve(
        incident,
        original=_enclosed(report, incident.original.sha256),
        message_id=f"{report['report_id']}@{author.domain}",
    )


def write(incident: Incident, author: Author, seal: ReportSeal) -> bytes:
    """The whole mail."""
    fields = (
        ("Feedback-Type", "xarf"),
        ("User-Agent", author.software),
        ("Version", "1"),
    )
    return compose(incident, author, seal, fields)


def _enclosed(report: Report, sha256: str) -> Original:
    octets = encodebytes(json.dumps(report).encode("ascii"))
    (*_, note) = (one["description"] for one in (report, *report.get("evidence", ())))
    return Original(
        f"application/json; name={NAME}",
        "base64",
        octets.replace(b"\n", b"\r\n"),
        sha256,
        (note,),
        f"attachment; filename={NAME}",
    )
