"""XARF reports for tests, and what it takes for one to be valid.

report = one(write(ASKED, spam(), [RELAY]))
"""

import hashlib
import json
import re
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from attrs import evolve
from xarf import schema_validator

from sc.abuse.reports.recipients import read_recipients
from sc.abuse.reports.redact import Redactor
from sc.abuse.reports.xarf import Spam, Told
from sc.listeners.http.xarf_details import DETAILS, Choice, Choices, Site
from sc.model.complaint import LinkItem, RelayItem
from sc.model.evidence import Evidence, Link, Role
from sc.model.message import Message
from sc.model.report import ReportRequest
from sc.model.xarf import Detail, LinkType, XarfReporter, XarfRequest
from tests.fakes.abuse import contact, message, relay

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
REPORTER = XarfReporter("Example Ltd", "abuse@example.org", "example.org")
ASKED = XarfRequest(REPORTER, LinkType.PHISHING, source_port=40123)
EVIDENCE = Evidence("f" * 64, (relay(),))
RELAY = RelayItem(relay(), contact())
XARF = ReportRequest(xarf=ASKED)
MAX_WHOLE = 1 << 20
MAX_ITEM = 5 << 20  # octets of evidence, by the schema

# RFC 3986 3, without the forms that no link in mail has.
URI = re.compile(
    r"[a-z]+://(?:[\w.~!$&'()*+,;=:@-]|%[0-9A-F]{2}|\[[0-9a-f:.]+\])*"
    r"(?:/(?:[\w.~!$&'()*+,;=:@/-]|%[0-9A-F]{2})*)?"
    r"(?:\?(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})*)?"
    r"(?:#(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})*)?",
    re.ASCII | re.IGNORECASE,
)


def detail(rule: object) -> Detail:
    """One right value for what a type requires."""
    if isinstance(rule, Choices):
        return rule.words[:2]
    if isinstance(rule, Choice):
        return rule.words[0]
    return "https://bank.example/" if isinstance(rule, Site) else "2026-01-31T12:00:00Z"


def asked(kind: LinkType, port: int | None = 40123) -> XarfRequest:
    given = tuple((name, detail(rule)) for name, rule in DETAILS[kind].items())
    return XarfRequest(REPORTER, kind, port, given)


def host(
    name: str = "shop.example",
    *links: Link,
    ips: tuple[str, ...] = ("198.51.100.1",),
    count: int = 1,
) -> LinkItem:
    told = links or (Link(f"https://{name}/buy", name, Role.NAVIGATES),)
    return LinkItem(name, tuple(map(ip_address, ips)), told, count, contact())


def spam(
    told: Message | None = None, evidence: Evidence = EVIDENCE, **changes: Any
) -> Spam:
    told = told or message()
    recipients = read_recipients(told.content, told.envelope.recipients)
    made = Spam(told, evidence, Redactor(recipients, b"k" * 32), MAX_WHOLE, NOW)
    return evolve(made, **changes)


def one(told: Told) -> Mapping[str, Any]:
    """The only report, valid, and nothing to be said about it."""
    assert told.warnings == ()
    (report,) = told.reports.values()
    check(report)
    return report


def check(report: Mapping[str, Any]) -> None:
    """By the schemas, and by what their formats mean but the library does not check."""
    plain = json.loads(json.dumps(report))
    assert schema_validator.validate(plain) == []
    assert UUID(report["report_id"]).version == 4
    assert datetime.fromisoformat(report["timestamp"]).tzinfo
    urls = [report[key] for key in ("url", "legitimate_site") if key in report]
    for url in [*urls, *report.get("redirect_chain", ())]:
        assert URI.fullmatch(url), url
    for item in report.get("evidence", ()):
        octets = b64decode(item["payload"], validate=True)
        assert len(octets) == item["size"] <= MAX_ITEM
        assert item["hash"] == "sha256:" + hashlib.sha256(octets).hexdigest()
