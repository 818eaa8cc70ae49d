"""sc.abuse.reports.arf: a report that other software reads as RFC 5965."""

import hashlib
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message as Parsed
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any, cast

import pytest
from attrs import evolve

from sc.abuse.reports.arf import write
from sc.abuse.reports.letter import MAX_URL, Author, Incident, told_in_a_line
from sc.abuse.reports.original import Original, attach
from sc.abuse.reports.recipients import Recipients, read_recipients
from sc.abuse.reports.redact import Redactor
from sc.model.complaint import LinkItem, RelayItem
from sc.model.evidence import Link, Role
from tests.fakes.abuse import ARRIVED, SEAL, SPAM, complaint, contact, link, relay

AUTHOR = Author("abuse@example.org", "", "sc/1")
WRITTEN = datetime(2026, 11, 20, 11, 30, tzinfo=UTC)


def original(content: bytes = SPAM, limit: int = 10_000, **more: bool) -> Original:
    redactor = Redactor(read_recipients(content), b"k" * 32)
    return attach(content, redactor, limit, **more)


def incident(*items: RelayItem | LinkItem, **more: Any) -> Incident:
    values: dict[str, Any] = {
        "complaint": complaint(*items),
        "original": original(),
        "sender": "win@bad.example",
        "arrived": ARRIVED,
        "written": WRITTEN,
        "report_id": "r7",
        "message_id": "abc@example.org",
    }
    return Incident(**(values | more))


def host(*links: Link, count: int = 0, **more: Any) -> LinkItem:
    links = links or (link(),)
    ips = (ip_address("198.51.100.1"),)
    item = LinkItem(links[0].host, ips, links, count or len(links), contact())
    return evolve(item, **more)


def parse(mail: bytes) -> tuple[Parsed, str, Parsed, Parsed]:
    """The header, and the three parts."""
    whole = message_from_bytes(mail)
    words, fields, attached = cast(list[Any], whole.get_payload())
    return whole, words.get_payload(), fields.get_payload()[0], attached


def test_header() -> None:
    """From, To, Subject and the rest say what a desk sorts by."""
    whole, *_ = parse(write(incident(), AUTHOR, SEAL))
    assert whole["From"] == whole["Reply-To"] == "<abuse@example.org>"
    assert whole["To"] == "<abuse@net.example>"
    assert whole["Subject"] == (
        "Abuse report: spam from IP 192.0.2.7 at 2026-11-20 10:00 UTC"
    )
    assert parsedate_to_datetime(whole["Date"]) == WRITTEN
    assert whole["Message-ID"] == "<abc@example.org>"
    assert whole["MIME-Version"] == "1.0"
    assert whole.get_content_type() == "multipart/report"
    assert whole.get_param("report-type") == "feedback-report"
    assert whole["Auto-Submitted"] is None
    assert whole["X-SC-Report-Id"].startswith("r7; ")


def test_fields_for_a_relay() -> None:
    """The feedback report names the address, when, and by whom it was seen."""
    source = RelayItem(relay(port=51234), contact())
    _, _, fields, _ = parse(write(incident(source), AUTHOR, SEAL))
    assert dict(fields.items()) == {
        "Feedback-Type": "abuse",
        "User-Agent": "sc/1",
        "Version": "1",
        "Original-Mail-From": "<win@bad.example>",
        "Arrival-Date": "Fri, 20 Nov 2026 10:00:00 +0000",
        "Reporting-MTA": "dns; mx.example.org",
        "Source-IP": "192.0.2.7",
        "Source-Port": "51234",
        "Incidents": "1",
    }


def test_fields_for_links() -> None:
    """A report about links names hosts and URLs, and no source address."""
    long = evolve(link(n=9), url="http://shop.example/" + "x" * MAX_URL)
    item = host(link(n=1), link(n=2), long)
    told = incident(item, sender=None, arrived=None)
    whole, words, fields, _ = parse(write(told, AUTHOR, SEAL))
    assert fields["Source-IP"] is fields["Arrival-Date"] is None
    assert fields["Original-Mail-From"] is None
    assert fields["Reporting-MTA"] == "dns; example.org"
    assert fields.get_all("Reported-Domain") == ["shop.example"]
    assert fields.get_all("Reported-URI") == [
        "http://shop.example/1",
        "http://shop.example/2",
    ]
    assert whole["Subject"] == (
        "Abuse report: spam links to shop.example (IP 198.51.100.1),"
        " 2026-11-20 11:30 UTC"
    )
    assert "x..." in words


def test_host_that_is_an_address() -> None:
    """A link to an address names no domain."""
    item = host(Link("http://198.51.100.1/", "198.51.100.1", Role.NAVIGATES))
    whole, _, fields, _ = parse(write(incident(item), AUTHOR, SEAL))
    assert fields["Reported-Domain"] is None
    assert fields["Reported-URI"] == "http://198.51.100.1/"
    assert "links to 198.51.100.1 (IP 198.51.100.1)" in whole["Subject"]


def test_words() -> None:
    """People read address, time, links, what is attached, and where to answer."""
    both = incident(
        RelayItem(relay(rdns="host7.net.example", port=51234), contact()),
        host(link(n=1), count=25),
    )
    _, words, _, _ = parse(write(both, evolve(AUTHOR, name="Example Ltd"), SEAL))
    for line in (
        "Source address:  192.0.2.7",
        "Source port:     51234",
        "Time:            2026-11-20 10:00:00 UTC",
        "Handed over to:  mx.example.org",
        "HELO name:       bad.example",
        "Reverse name:    host7.net.example",
        "Host:            shop.example",
        "Addresses:       198.51.100.1",
        "Links:           25, shown 1",
        "  http://shop.example/1",
        "The message is attached.",
        hashlib.sha256(SPAM).hexdigest(),
        "Example Ltd",
    ):
        assert line in words.splitlines()
    assert "replaced by keyed tokens at" in words
    text = " ".join(words.split())
    assert (
        "came from your network and advertises links to hosts in your network" in text
    )
    assert (
        "Answers to abuse@example.org reach us; our number for this report is r7"
        in text
    )


def test_unverified_relay() -> None:
    """An address that we could not verify is told as such, without more."""
    seen = relay(verified=False, helo=None, by=None, date=None)
    told = incident(RelayItem(seen, contact()), host(ips=()), arrived=None, sender="")
    _, words, fields, _ = parse(write(told, AUTHOR, SEAL))
    assert "Received field that we could not verify" in words
    assert "Addresses:       unknown" in words
    assert not any(word in words for word in ("Time:", "HELO", "Handed"))
    assert fields["Original-Mail-From"] == "<>"
    assert fields["Reporting-MTA"] == "dns; example.org"


def test_attached() -> None:
    """The message is attached with every octet but the recipients'."""
    content = SPAM + "Zażółć\n".encode() + b"\xff\xfe raw\n"
    mail = write(incident(original=original(content)), AUTHOR, SEAL)
    whole, _, _, attached = parse(mail)
    assert whole["Content-Transfer-Encoding"] == "8bit"
    assert attached["Content-Transfer-Encoding"] == "8bit"
    assert attached.get_content_type() == "message/rfc822"
    expected = Redactor(read_recipients(content), b"k" * 32).message(content).octets
    assert expected.replace(b"\n", b"\r\n") in mail
    assert b"bob" not in mail
    assert b"@example.org" in expected


def test_automatic() -> None:
    """Only where the operator says so a report calls itself automatic."""
    whole, *_ = parse(write(incident(), evolve(AUTHOR, automatic=True), SEAL))
    assert whole["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Example Ltd", "Example Ltd <abuse@example.org>"),
        ("Zoë, Ltd", "=?utf-8?b?Wm/DqywgTHRk?= <abuse@example.org>"),
        ("a\r\nBcc: x@y", "=?utf-8?q?a__Bcc=3A_x=40y?= <abuse@example.org>"),
    ],
)
def test_name(name: str, expected: str) -> None:
    """The author's name cannot break the header."""
    whole, *_ = parse(write(incident(), evolve(AUTHOR, name=name), SEAL))
    assert whole["From"] == expected
    assert whole["Bcc"] is None


def test_long_name() -> None:
    """A long name is folded, and the report is still known as ours."""
    mail = write(incident(), evolve(AUTHOR, name="é" * 200), SEAL)
    assert max(map(len, mail.split(b"\r\n"))) <= 998
    assert SEAL.is_ours(mail)


def test_hostile_text() -> None:
    """No stranger's text can end a line or add a field."""
    bad = "x\r\nBcc: all@example.org\r\n\r\n--é"
    evil = relay(helo=bad, rdns=bad, by=bad)
    item = host(Link(f"http://shop.example/{bad}", bad, Role.NAVIGATES), host=bad)
    told = incident(RelayItem(evil, contact()), item, sender=bad)
    mail = write(told, AUTHOR, SEAL)
    whole, _, fields, _ = parse(mail)
    assert whole["Bcc"] is fields["Bcc"] is None
    assert b"\nBcc" not in mail
    only_host = write(incident(item), AUTHOR, SEAL)
    assert message_from_bytes(only_host)["Bcc"] is None


def test_boundary_cannot_be_guessed() -> None:
    """A message that holds our boundary gets another one."""
    mail = write(incident(), AUTHOR, SEAL)
    boundary = message_from_bytes(mail).get_boundary()
    assert boundary
    content = SPAM + f"--{boundary}\n".encode()
    again = write(incident(original=original(content)), AUTHOR, SEAL)
    assert message_from_bytes(again).get_boundary() != boundary
    assert len(parse(again)) == 4


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b"A: b\n\nnul \0\0", "NUL octets, which mail cannot carry, became '?': 2."),
        (b"A: b\n\nx\ry\r\r\n", "Carriage returns that end no line became blanks: 2."),
        (b"A: b\n\n" + b"x" * 999, "Lines over 998 octets were broken"),
        (b"A: b\n\n" + b"x" * 10_001, "Only the header section is attached"),
        (b"A: b\n" * 110_000 + b"\nx", "Only the first 524288 octets"),
    ],
)
def test_what_cannot_stay(content: bytes, note: str) -> None:
    """What mail cannot carry, or is too large, is told."""
    mail = write(incident(original=original(content)), AUTHOR, SEAL)
    _, words, _, _ = parse(mail)
    assert note in " ".join(words.split())
    assert hashlib.sha256(content).hexdigest() in words
    assert max(map(len, mail.split(b"\r\n"))) <= 998
    assert b"\0" not in mail


def test_limits() -> None:
    """A line of 998 octets, and a message at the limit, stay as they are."""
    content = b"A: b\r\n\r\n" + b"x" * 998 + b"\r\n"
    whole = original(content, len(content))
    assert (whole.octets, whole.notes) == (content, ())
    header = original(content, len(content) - 1)
    assert (header.octets, header.content_type) == (b"A: b\r\n", "text/rfc822-headers")


def test_broken_line() -> None:
    """A long line keeps every octet; a blank continues it."""
    broken = original(b"A: b\n\n" + b"x" * 2500 + b"\n").octets
    body = broken.partition(b"\r\n\r\n")[2]
    assert body.replace(b"\r\n ", b"") == b"x" * 2500 + b"\r\n"


def test_relay_without_8bitmime() -> None:
    """For a relay that takes no 8-bit mail, the header section is sent, encoded."""
    content = b"Subject: \xff caf\xc3\xa9\n\nbody \xff\n"
    told = original(content, eight_bit=False)
    mail = write(incident(original=told), AUTHOR, SEAL)
    _, words, _, attached = parse(mail)
    assert mail.isascii()
    assert attached.get_content_type() == "text/rfc822-headers"
    assert attached.get_payload(decode=True) == b"Subject: \xff caf\xc3\xa9\r\n"
    assert "our mail relay takes none" in " ".join(words.split())
    plain = original(b"Subject: x\n\nbody\n", eight_bit=False)
    assert (plain.content_type, plain.encoding) == ("message/rfc822", "7bit")


def test_virus() -> None:
    """A virus is called one, and is not attached."""
    content = b"To: bob@example.org\nContent-Type: text/x-shellscript\n\nrm -rf\n"
    told = incident(original=original(content, infected=True), infected=True)
    mail = write(told, AUTHOR, SEAL)
    whole, words, fields, _ = parse(mail)
    assert whole["Subject"].startswith("Abuse report: virus from IP 192.0.2.7 at ")
    assert fields["Feedback-Type"] == "virus"
    assert b"rm -rf" not in mail
    text = " ".join(words.split())
    assert "mail in which a virus was found" in text
    digest = hashlib.sha256(b"rm -rf\n").hexdigest()
    assert f"text/x-shellscript, 7 octets, SHA-256 {digest}" in text


def test_not_redacted() -> None:
    """Where redaction is off nothing is said about it."""
    plain = attach(SPAM, Redactor(Recipients(), b""), 10_000)
    assert plain.octets == SPAM.replace(b"\n", b"\r\n")
    assert plain.notes == ()


def test_own_report_is_known() -> None:
    """What we write we know again."""
    mail = write(incident(), AUTHOR, SEAL)
    assert SEAL.is_ours(mail)
    assert not SEAL.is_ours(mail.replace(b"You have won", b"You have lost"))


def test_digest() -> None:
    """A digest says how many incidents it covers, and lists those before its own."""
    lines = tuple(told_in_a_line(incident(report_id=f"r{number}")) for number in (5, 6))
    assert lines[0] == "2026-11-20 10:00:00 UTC  192.0.2.7  r5"
    digest = incident(RelayItem(relay(), contact()), host(), count=4, earlier=lines)
    mail = write(digest, AUTHOR, SEAL)
    _, words, fields, attached = parse(mail)
    assert fields["Incidents"] == "4"
    assert "4 messages that reached us came from your network and advertise" in (
        " ".join(words.split())
    )
    told = "The last message is attached. The earlier 3, the latest 2 of them:"
    assert f"{told}\n  {lines[0]}\n  {lines[1]}\n" in words.replace("\r\n", "\n")
    assert b"Subject: You have won" in attached.as_bytes()
    assert SEAL.is_ours(mail)


def test_line_of_a_digest() -> None:
    """A report about hosts alone is told by the first of them."""
    hosts = (host(), host(link("a.example")))
    line = told_in_a_line(incident(*hosts, arrived=None))
    assert line == "2026-11-20 11:30:00 UTC  shop.example and 1 more  r7"
