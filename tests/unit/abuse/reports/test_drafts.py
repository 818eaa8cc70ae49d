"""sc.abuse.reports.drafts: each desk gets its report as it wants it."""

import json
from base64 import b64decode
from email import message_from_bytes
from email.message import Message as Parsed
from typing import Any, cast

from attrs import evolve

from sc.abuse.profiles import Profile, ReportFormat
from sc.abuse.reports.dossier import MAX_XARF
from sc.abuse.reports.drafts import Drafts
from sc.abuse.settings import AbuseReportSettings
from sc.model.complaint import Complaint, RelayItem
from sc.model.evidence import Evidence
from sc.model.message import Message
from sc.model.xarf import LinkType
from sc.outbox.entry import NewReport
from tests.fakes.abuse import SEAL, SETTINGS, complaint, contact, message, relay
from tests.fakes.xarf import check, host

EVIDENCE = Evidence("f" * 64, (relay(),))
RELAY = RelayItem(relay(port=40123), contact())
XARF = Profile(format=ReportFormat.XARF, link_type=LinkType.PHISHING)
NOW = 1_795_000_000.0


def drafted(
    *complaints: Complaint,
    settings: AbuseReportSettings = SETTINGS,
    about: Message | None = None,
    infected: bool = False,
    **profiles: Profile,
) -> tuple[NewReport, ...]:
    """@param profiles: by domain, `_` for its dots."""
    table = {key.replace("_", "."): value for key, value in profiles.items()}
    numbers = iter(range(1, 1000))
    drafts = Drafts(
        evolve(settings, profiles=table),
        "sc/1",
        b"k" * 32,
        SEAL,
        lambda: f"r{next(numbers)}",
    )
    about = about or message()
    return drafts.write(about, EVIDENCE, complaints, NOW, infected=infected)


def parts(report: NewReport) -> tuple[Parsed, str, Parsed, Parsed]:
    whole = message_from_bytes(report.mail)
    words, fields, attached = cast(list[Any], whole.get_payload())
    return whole, words.get_payload(), fields.get_payload()[0], attached


def enclosed(report: NewReport) -> dict[str, Any]:
    octets = cast(bytes, parts(report)[3].get_payload(decode=True))
    told: dict[str, Any] = json.loads(octets)
    return told


def test_xarf() -> None:
    """A desk that wants it gets a valid XARF report, laid out as xarf.org says."""
    (report,) = drafted(complaint(RELAY), net_example=XARF)
    whole, words, fields, attached = parts(report)
    assert whole.get_content_type() == "multipart/report"
    assert whole.get_param("report-type") == "feedback-report"
    assert dict(fields.items()) == {
        "Feedback-Type": "xarf",
        "User-Agent": "sc/1",
        "Version": "1",
    }
    assert attached.get_content_type() == "application/json"
    assert (attached.get_param("name"), attached.get_filename()) == ("xarf.json",) * 2
    told = enclosed(report)
    check(told)
    assert told["source_identifier"] == "192.0.2.7"
    assert told["reporter"]["org"] == "Example Postmaster"
    assert whole["Message-ID"] == f"<{told['report_id']}@example.org>"
    assert report.mail_message_id == whole["Message-ID"]
    assert "XARF v4, with the message in it, is" in words
    assert SEAL.is_ours(report.mail)
    assert max(map(len, report.mail.split(b"\r\n"))) <= 998


def test_redacted_and_said() -> None:
    """The message inside of the report is redacted, and the words say so."""
    (report,) = drafted(complaint(RELAY), net_example=XARF)
    (evidence,) = enclosed(report)["evidence"]
    assert b"bob" not in report.mail
    assert b"bob" not in b64decode(evidence["payload"])
    assert "replaced by keyed tokens" in " ".join(parts(report)[1].split())


def test_not_redacted_for_one() -> None:
    """What one desk gets as it is, the others get redacted."""
    other = evolve(complaint(RELAY), address="abuse@other.example")
    plain, redacted = drafted(
        complaint(RELAY), other, net_example=Profile(redact=False)
    )
    assert b"bob@example.org" in plain.mail
    assert b"keyed tokens" not in plain.mail
    assert b"bob" not in redacted.mail
    assert b"keyed tokens" in redacted.mail


def test_one_a_source() -> None:
    """In XARF each relay and each host has a report of its own."""
    hosts = [host("a.example"), host("b.example")]
    reports = drafted(complaint(RELAY, *hosts), net_example=XARF)
    told = [enclosed(report) for report in reports]
    for one in told:
        check(one)
    assert [one["type"] for one in told] == ["spam", "phishing", "phishing"]
    assert len({report.key for report in reports}) == 3
    assert [report.evidence for report in reports] == [
        "192.0.2.7",
        "a.example",
        "b.example",
    ]


def test_what_xarf_cannot_say() -> None:
    """Without a port or a type of link the format has no words: the desk gets ARF."""
    portless = RelayItem(relay(), contact())
    (report,) = drafted(complaint(portless, host()), net_example=XARF)[1:]
    assert parts(report)[2]["Source-IP"] == "192.0.2.7"
    untyped = Profile(format=ReportFormat.XARF)
    xarf, arf = drafted(complaint(RELAY, host()), net_example=untyped)
    assert enclosed(xarf)["type"] == "spam"
    assert parts(arf)[2]["Reported-Domain"] == "shop.example"
    assert parts(arf)[2]["Source-IP"] is None


def test_not_too_many() -> None:
    """A hundred hosts are no hundred mails: the rest stands in one ARF report."""
    hosts = [host(f"h{n}.example") for n in range(MAX_XARF + 5)]
    reports = drafted(complaint(*hosts), net_example=XARF)
    assert len(reports) == MAX_XARF + 1
    fields = parts(reports[-1])[2]
    assert len(fields.get_all("Reported-Domain", [])) == 5


def test_too_large() -> None:
    """Of a message above the desk's size only the header goes, and the words say so."""
    large = message(b"To: bob@example.org\nSubject: x\n\n" + b"x" * 500)
    small = evolve(XARF, attach_up_to=200)
    (report,) = drafted(complaint(RELAY), about=large, net_example=small)
    (evidence,) = enclosed(report)["evidence"]
    assert evidence["content_type"] == "text/rfc822-headers"
    assert "header section of the message" in " ".join(parts(report)[1].split())


def test_no_room_at_all() -> None:
    """A message that fits nowhere is described, and the words say why it is missing."""
    endless = message(b"X: " + b"y" * (5 << 20) + b"\n\nz")
    (report,) = drafted(complaint(RELAY), about=endless, net_example=XARF)
    told = enclosed(report)
    check(told)
    assert "evidence" not in told
    assert "too large to be evidence" in " ".join(parts(report)[1].split())


def test_virus() -> None:
    """XARF would carry the virus along: the desk gets ARF without it."""
    (report,) = drafted(complaint(RELAY), infected=True, net_example=XARF)
    assert parts(report)[2]["Feedback-Type"] == "virus"


def test_automatic_for_one() -> None:
    """Some desks want automatic reports marked."""
    (report,) = drafted(complaint(RELAY), net_example=Profile(auto_submitted=True))
    assert parts(report)[0]["Auto-Submitted"] == "auto-generated"


def test_nameless() -> None:
    """A reporter without a name is its domain."""
    nameless = evolve(SETTINGS, from_="abuse@example.org")
    (report,) = drafted(complaint(RELAY), settings=nameless, net_example=XARF)
    assert enclosed(report)["reporter"]["org"] == "example.org"
