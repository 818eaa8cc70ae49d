"""sc.abuse.reports.xarf: what we write is what the official schemas take."""

import hashlib
import json
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from attrs import evolve
from twisted.internet.defer import Deferred
from xarf import schema_validator

from sc.abuse.evidence import EvidenceSettings, gather
from sc.abuse.reports.recipients import Recipients
from sc.abuse.reports.redact import Redactor
from sc.abuse.reports.xarf import Told, uri, write
from sc.abuse.reports.xarf_evidence import MAX_ANSWER
from sc.listeners.http.xarf_details import DETAILS, Choices
from sc.model.complaint import Item, LinkItem, RelayItem
from sc.model.evidence import Evidence, Link, Role
from sc.model.report import Boundary, ReportRequest, ReportState
from sc.model.xarf import LinkType
from tests.fakes.abuse import SPAM, Desk, contact, desk, link, message, relay
from tests.fakes.xarf import (
    ASKED,
    EVIDENCE,
    MAX_WHOLE,
    RELAY,
    XARF,
    asked,
    check,
    host,
    one,
    spam,
)


def test_relay() -> None:
    """The relay is told as XARF's spam: who, when, from whom, and what we saw."""
    report = one(write(ASKED, spam(), [RELAY]))
    wanted = {
        "xarf_version": "4.2.0",
        "timestamp": "2026-11-20T10:00:00Z",
        "source_identifier": "192.0.2.7",
        "source_port": 40123,
        "category": "messaging",
        "type": "spam",
        "evidence_source": "user_complaint",
        "protocol": "smtp",
        "smtp_from": "win@bad.example",
        "subject": "You have won",
        "description": "Spam, received from 192.0.2.7 by mx.example.org.",
    }
    assert {key: report[key] for key in wanted} == wanted
    complainant = {
        "org": "Example Ltd",
        "contact": "abuse@example.org",
        "domain": "example.org",
    }
    assert report["reporter"] == report["sender"] == complainant


@pytest.mark.parametrize("kind", LinkType)
def test_link(kind: LinkType) -> None:
    """A link is told as whatever its caller says it is, with all that this requires."""
    item = host(ips=("198.51.100.1", "198.51.100.2", "2001:db8::1"), count=7)
    report = one(write(asked(kind), spam(), [item]))
    assert (report["category"], report["type"]) == ("content", kind.value)
    assert report["source_identifier"] == "198.51.100.1"
    assert report["dns_records"] == {
        "a": ["198.51.100.1", "198.51.100.2"],
        "aaaa": ["2001:db8::1"],
    }
    assert (report["url"], report["domain"]) == (
        "https://shop.example/buy",
        "shop.example",
    )
    assert report["timestamp"] == "2026-11-20T10:00:00Z"
    assert DETAILS[kind].keys() <= report.keys()


@pytest.mark.parametrize("kind", LinkType)
def test_details_are_the_schemas(kind: LinkType) -> None:
    """Every word that we take is one that the schema takes, and each is required."""
    whole = one(write(asked(kind), spam(), [host()]))
    for name, rule in DETAILS[kind].items():
        lacking = {key: value for key, value in whole.items() if key != name}
        assert schema_validator.validate(lacking)
        for word in getattr(rule, "words", ()):
            value = [word] if isinstance(rule, Choices) else word
            check({**whole, name: value})


def test_redirects() -> None:
    """Phishing behind a shortener is told with the way that led there."""
    link = Link(
        "https://shop.example/",
        "shop.example",
        Role.NAVIGATES,
        ("https://t.example/x",),
    )
    item = host("shop.example", link)
    assert one(write(ASKED, spam(), [item]))["redirect_chain"] == [
        "https://t.example/x"
    ]
    other = one(write(asked(LinkType.MALWARE), spam(), [item]))
    assert "redirect_chain" not in other


def test_first_that_navigates() -> None:
    """The URL is one that people open, never an image."""
    links = (
        Link("https://shop.example/a.png", "shop.example", Role.RESOURCE),
        Link("https://shop.example/go", "shop.example", Role.NAVIGATES),
    )
    report = one(write(ASKED, spam(), [host("shop.example", *links)]))
    assert report["url"] == "https://shop.example/go"


@pytest.mark.parametrize(
    "name",
    [
        "xn--80ak6aa92e.com",
        "example.xn--p1ai",
        "a_b.example.com",
        "198.51.100.1",
        "a--b.com",
    ],
)
def test_domain_left_out(name: str) -> None:
    """Hosts that the schema knows no name for have none in the report."""
    assert "domain" not in one(write(ASKED, spam(), [host(name)]))


def test_port_unknown() -> None:
    """Without a port there is no report about a relay, and the caller hears it."""
    told = write(evolve(ASKED, source_port=None), spam(), [RELAY, host()])
    assert [type(item) for item in told.reports] == [LinkItem]
    (warning,) = told.warnings
    assert warning == (
        "xarf: no report about 192.0.2.7: its source port is not known, which the"
        " format requires; xarf.smtp_source_port can tell it"
    )


def test_port_logged() -> None:
    """A port that our MTA wrote down is used; what the caller says comes first."""
    item = RelayItem(relay(port=55000), contact())
    unsaid = evolve(ASKED, source_port=None)
    assert one(write(unsaid, spam(), [item]))["source_port"] == 55000
    assert one(write(ASKED, spam(), [item]))["source_port"] == 40123


def test_port_of_another() -> None:
    """The caller's port is that of the verified relay, and of no other."""
    far = RelayItem(relay("192.0.2.9", verified=False), contact())
    told = write(ASKED, spam(), [RELAY, far])
    assert list(told.reports) == [RELAY]
    assert "192.0.2.9: its source port is not known" in told.warnings[0]


@pytest.mark.parametrize(
    ("header", "sender", "smtp_from"),
    [
        (b"From: a@x.example", "b@y.example", "b@y.example"),
        (b"From: a@x.example", "", "a@x.example"),
        (b"Return-Path: <b@y.example>\r\nFrom: a@x.example", None, "b@y.example"),
        (b"Return-Path: <>\r\nFrom: a@x.example", None, "a@x.example"),
        (b'From: "bank@b.example" <a@x.example>', "", "a@x.example"),
        (b"From: a@x.example", "\u00fc@y.example", "a@x.example"),
        (b"From: a@x.example", "two words@y.example", "a@x.example"),
    ],
)
def test_sender(header: bytes, sender: str | None, smtp_from: str) -> None:
    """The reverse-path; for the null sender, which XARF lacks, the address in From."""
    told = message(header + b"\r\n\r\n", sender=sender)
    report = one(write(ASKED, spam(told), [RELAY]))
    assert report["smtp_from"] == smtp_from
    remarked = "smtp_from is the address in From." in report["description"]
    assert remarked == (smtp_from == "a@x.example")


def test_sender_unknown() -> None:
    """Where nobody is named as sender, there is no valid report about the relay."""
    told = write(ASKED, spam(message(b"From: undisclosed\r\n\r\n", sender="")), [RELAY])
    assert told.reports == {}
    assert "the message names no sender" in told.warnings[0]


def test_redacted() -> None:
    """No part of a report names the recipient, in whatever coding."""
    content = (
        b"Return-Path: <bounce-bob=example.org@esp.example>\r\n"
        b"To: bob@example.org\r\nSubject: =?utf-8?B?Ym9iQGV4YW1wbGUub3JnLCBoaQ==?=\r\n"
        b"Message-ID: <bob@example.org>\r\n\r\nDear bob@example.org\r\n"
    )
    url = "https://shop.example/?u=bob%40example.org"
    item = host("shop.example", Link(url, "shop.example", Role.NAVIGATES, (url,)))
    told = write(ASKED, spam(message(content, sender=None)), [RELAY, item])
    for report in told.reports.values():
        check(report)
        (evidence,) = report["evidence"]
        assert "keyed tokens at 5 places" in evidence["description"]
        assert b"bob" not in b64decode(evidence["payload"])
        assert b"Ym9i" not in b64decode(evidence["payload"])
        assert "bob" not in json.dumps({**report, "evidence": []})


def test_evidence_as_it_came() -> None:
    """NUL, 8-bit octets and bare line ends arrive as they were."""
    content = b"A: b\n\n\0\xff\r\r\n.\n" + b"x" * 5000
    whole = spam(message(content), redactor=Redactor(Recipients(), b"k"))
    (evidence,) = one(write(ASKED, whole, [RELAY]))["evidence"]
    assert b64decode(evidence["payload"]) == content
    assert evidence["content_type"] == "message/rfc822"
    assert hashlib.sha256(content).hexdigest() in evidence["description"]


def test_large_message() -> None:
    """Of a message that is too large to attach, the header section is."""
    content = SPAM + b"x" * MAX_WHOLE
    (evidence,) = one(write(ASKED, spam(message(content)), [RELAY]))["evidence"]
    assert evidence["content_type"] == "text/rfc822-headers"
    assert b64decode(evidence["payload"]).endswith(b"Subject: You have won\n")
    assert f"({len(content)} octets)" in evidence["description"]


def test_many_reports() -> None:
    """The more reports, the less evidence in each: the answer stays bounded."""
    content = SPAM + b"x" * 100_000
    items: list[Item] = [host(f"h{n}.example") for n in range(100)]
    told = write(ASKED, spam(message(content)), items)
    assert len(told.reports) == 100
    kinds = {r["evidence"][0]["content_type"] for r in told.reports.values()}
    assert kinds == {"text/rfc822-headers"}
    some = write(ASKED, spam(message(content)), items[:30])
    sizes = [r["evidence"][0]["size"] for r in some.reports.values()]
    assert 30 * len(content) <= sum(sizes) <= MAX_ANSWER


def test_no_room() -> None:
    """Where not even the header section fits, the reports and a warning say so."""
    content = b"A: b\r\n" * 20_000 + b"\r\n"
    items: list[Item] = [host(f"h{n}.example") for n in range(100)]
    told = write(ASKED, spam(message(content)), items)
    assert len(told.reports) == 100
    for report in told.reports.values():
        check(report)
        assert "evidence" not in report
        assert "available on request" in report["description"]
    (warning,) = told.warnings
    assert warning.startswith("xarf: The message (120002 octets) is too large")


def test_endless_header() -> None:
    """A header section that no software reads is no evidence, whatever is allowed."""
    content = b"A: b\r\n" * 100_000
    told = write(ASKED, spam(message(content), limit=1000), [RELAY])
    assert "evidence" not in told.reports[RELAY]


def test_grown_by_redaction() -> None:
    """Where the tokens make the message too large, its header section is attached."""
    content = b"To: b@x.example\r\n\r\n" + b"b@x.example " * 200_000
    (evidence,) = one(write(ASKED, spam(message(content), limit=MAX_ANSWER), [RELAY]))[
        "evidence"
    ]
    assert evidence["content_type"] == "text/rfc822-headers"


def test_time_unknown() -> None:
    """A time that nobody knows is not invented: the report says what it is."""
    item = RelayItem(relay(date=None), contact())
    evidence = Evidence("f", (item.relay,))
    told = write(ASKED, spam(evidence=evidence), [item, host()])
    for report in told.reports.values():
        check(report)
        assert report["timestamp"] == "2026-11-20T12:00:00Z"
        assert "handover is not known" in report["description"]


def test_report_id() -> None:
    """The same incident has the same id whenever it is asked for; another, another."""
    first = one(write(ASKED, spam(), [RELAY]))["report_id"]
    later = spam(now=datetime(2027, 1, 1, tzinfo=UTC))
    assert one(write(ASKED, later, [RELAY]))["report_id"] == first
    others = [
        one(write(ASKED, spam(evidence=Evidence("e" * 64)), [RELAY])),
        one(write(ASKED, spam(), [RelayItem(relay("192.0.2.8"), contact())])),
        one(write(ASKED, spam(), [RelayItem(relay(), contact("x@net.example"))])),
        one(write(ASKED, spam(), [host()])),
    ]
    assert len({first, *(report["report_id"] for report in others)}) == 5


def test_nothing() -> None:
    """Nothing to tell is no warning."""
    assert write(ASKED, spam(), []) == Told()


def test_long_fields() -> None:
    """A long subject is cut, a long Message-ID left out, a wrong coding kept."""
    content = b"Subject: =?x-none?B?" + b"A" * 600 + b"?=\r\nMessage-ID: <" + b"b" * 300
    report = one(write(ASKED, spam(message(content + b">\r\n\r\n")), [RELAY]))
    assert len(report["subject"]) == 500
    assert "message_id" not in report


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://a.example/", "https://a.example/"),
        (
            "https://a.example/x|y[1]?q=a|b#c^d",
            "https://a.example/x%7Cy%5B1%5D?q=a%7Cb#c%5Ed",
        ),
        ("https://a.example/100%/%zz/%41", "https://a.example/100%25/%25zz/%41"),
        ("http://[2001:db8::1]:8080/a", "http://[2001:db8::1]:8080/a"),
        ("https://u:p@a.example?x", "https://u:p@a.example?x"),
        ("https://a.example/#a#b", "https://a.example/#a%23b"),
        ("https://a.example/\ufffd", "https://a.example/%EF%BF%BD"),
    ],
)
def test_uri(url: str, told: str) -> None:
    """What a browser takes and RFC 3986 does not is escaped; nothing else changes."""
    assert uri(url) == told


@pytest_twisted.async_yield_fixture
async def desks(tmp_path: Path) -> AsyncIterator[Callable[[Evidence], Desk]]:
    made: list[Desk] = []

    def make(evidence: Evidence, **more: Any) -> Desk:
        made.append(desk(tmp_path / "store.db", evidence, **more))
        return made[-1]

    yield make
    for here in made:
        await here.stop(0.0)
        await here.bench.store.close()


async def test_reporter(desks: Callable[[Evidence], Desk]) -> None:
    """A real message, from its boundary to the answer: each item with its report."""
    content = (
        b"Received: from spam.example ([11.22.33.44]:40123)\n"
        b"\tby mx.example.org with ESMTP for <bob@example.org>;\n"
        b"\tFri, 20 Nov 2026 10:00:00 +0000\n"
        b"From: x@spam.example\n\nSee http://shop.example/?to=bob@example.org now\n"
    )
    boundary = Boundary(domains=("example.org",))
    here = desks(gather(message(content), boundary, EvidenceSettings()))
    here.finder.desks["11.22.33.44"] = "abuse@transit.example"
    request = ReportRequest(xarf=evolve(ASKED, source_port=None))
    outcome = await here.reporter.report(message(content), request)
    assert [report["type"] for report in outcome.xarf.values()] == ["spam", "phishing"]
    for report in outcome.xarf.values():
        check(report)
        assert report["timestamp"] == "2026-11-20T10:00:00Z"
        assert "bob" not in json.dumps({**report, "evidence": []})
    assert next(iter(outcome.xarf.values()))["source_port"] == 40123


async def test_sent_as_well(desks: Callable[[Evidence], Desk]) -> None:
    """Who asks for both gets both, and what is kept of the request can be read."""
    here = desks(EVIDENCE)
    request = ReportRequest(send=True, xarf=ASKED)
    waiting = Deferred.fromCoroutine(here.reporter.report(message(), request))
    await here.bench.outbox.begin("r1")
    await here.bench.outbox.end("r1", ReportState.SENT, "250 ok")
    outcome = await waiting
    assert [report.state for report in outcome.reports] == [ReportState.SENT]
    (report,) = outcome.xarf.values()
    check(report)
    await here.reporter.accept(message(message_id="m2"), request)


async def test_nobody_accused(desks: Callable[[Evidence], Desk]) -> None:
    """A host whose image a spammer took, or a relay that nobody saw, has no report."""
    doubtful = Evidence(
        "f", (relay(verified=False, port=1),), (link(role=Role.RESOURCE),)
    )
    outcome = await desks(doubtful).reporter.report(message(), XARF)
    assert len(outcome.complaints) == 2
    assert outcome.xarf == {}
    assert outcome.warnings == ()


async def test_legacy(desks: Callable[..., Desk]) -> None:
    """Where the operator writes about every address, XARF does as well."""
    evidence = Evidence("f", (relay(verified=False, port=1),))
    here = desks(evidence, boundary=Boundary(legacy_all=True))
    outcome = await here.reporter.report(message(), XARF)
    (report,) = outcome.xarf.values()
    assert report["source_port"] == 1


async def test_no_complaints(desks: Callable[[Evidence], Desk]) -> None:
    """A bounce is reported in no format."""
    outcome = await desks(evolve(EVIDENCE, skip="a bounce")).reporter.report(
        message(), XARF
    )
    assert outcome.xarf == {}
    assert outcome.warnings == ("not reported: a bounce",)
