"""sc.abuse.providers: who is told what, and nothing about who received it."""

import json
from ipaddress import ip_address
from urllib.parse import parse_qs

import pytest
from attrs import evolve

from sc.abuse.complaints import Known, group
from sc.abuse.profiles import Profile
from sc.abuse.providers.settings import (
    AbuseipdbSettings,
    CloudflareSettings,
    KeyedSettings,
    NetcraftSettings,
    ProviderSettings,
    SpamhausSettings,
)
from sc.abuse.reports.drafts import Drafts
from sc.abuse.settings import AbuseReportSettings
from sc.model.complaint import RelayItem
from sc.model.evidence import Evidence, Link, Role
from sc.outbox.entry import NewReport
from sc.outbox.settings import DAY
from tests.fakes.abuse import SEAL, SETTINGS, complaint, contact, link, message, relay
from tests.fakes.xarf import host

RELAY = RelayItem(relay(), contact())
ALL = ProviderSettings(
    cloudflare=CloudflareSettings(enabled=True, key="c", account_id="acc1"),
    spamhaus=SpamhausSettings(enabled=True, key="s", url_threat_type="phish"),
    netcraft=NetcraftSettings(enabled=True),
    abuseipdb=AbuseipdbSettings(enabled=True, key="a", categories=(11, 7)),
)
PERSONAL = Link(
    "http://shop.example/?to=bob@example.org", "shop.example", Role.NAVIGATES
)


def drafted(*items: object, address: str = "abuse@net.example") -> list[NewReport]:
    settings = evolve(SETTINGS, providers=ALL, profiles={"*": Profile(redact=False)})
    numbers = iter(range(1, 100))
    drafts = Drafts(settings, "sc/1", b"k" * 32, SEAL, lambda: f"r{next(numbers)}")
    told = evolve(complaint(*items), address=address)  # type: ignore[arg-type]  # both
    return [*drafts.write(message(), Evidence("f" * 64), (told,), 1_795_000_000.0)]


def test_besides_mail() -> None:
    """The desk has its mail; each provider has what it takes, and never a recipient."""
    mail, *others = drafted(RELAY, host("shop.example", PERSONAL))
    assert mail.route == "smtp"
    assert b"bob@" in mail.mail
    by_route = {report.route: report for report in reversed(others)}
    assert not any(b"bob" in report.mail for report in others)
    assert [(r.route, r.rcpt_to, r.evidence.partition("?")[0]) for r in others] == [
        ("spamhaus", "submissions/add/ip", "192.0.2.7"),
        ("spamhaus", "submissions/add/url", "http://shop.example/"),
        ("netcraft", "report/urls", "shop.example"),
        ("abuseipdb", "report", "192.0.2.7"),
    ]
    told = json.loads(by_route["spamhaus"].mail)
    assert told["threat_type"] == "source-of-spam"
    assert told["source"] == {"object": "192.0.2.7"}
    assert len(told["reason"]) <= 255
    told = json.loads(by_route["netcraft"].mail)
    assert told["email"] == "abuse@example.org"
    assert told["urls"][0]["url"].startswith("http://shop.example/?to=redacted-")
    form = parse_qs(by_route["abuseipdb"].mail.decode())
    assert (form["ip"], form["categories"]) == (["192.0.2.7"], ["11,7"])


def test_in_place_of_mail() -> None:
    """Cloudflare hears of links by its own interface, one request a host name."""
    report, *_ = drafted(host("shop.example", PERSONAL), address="cloudflare")
    assert (report.route, report.contact) == ("cloudflare", "cloudflare")
    assert report.rcpt_to == "accounts/acc1/abuse-reports/abuse_general"
    told = json.loads(report.mail)
    assert told["email"] == told["email2"] == "abuse@example.org"
    assert told["urls"].startswith("http://shop.example/?to=redacted-")
    assert told["owner_notification"] == "none"
    assert len(told["justification"]) <= 5000


def test_repeats() -> None:
    """The same evidence has the same key, another host has another."""
    keys = [[report.key for report in drafted(host(n))] for n in ("a.b", "a.b", "b.b")]
    assert keys[0] == keys[1]
    assert not set(keys[0]) & set(keys[2])


def test_daily() -> None:
    """AbuseIPDB hears of an address once a day, whatever the message."""

    def keys(fingerprint: str, now: float) -> tuple[str, str]:
        settings = evolve(SETTINGS, providers=ALL)
        drafts = Drafts(settings, "sc/1", b"k" * 32, SEAL, lambda: "r1")
        told = (complaint(RELAY),)
        reports = drafts.write(message(), Evidence(fingerprint), told, now)
        by_route = {report.route: report.key for report in reports}
        return by_route["abuseipdb"], by_route["spamhaus"]

    noon = 1_795_003_200.0
    first, other, next_day = keys("f", noon), keys("e", noon), keys("f", noon + DAY)
    assert first[0] == other[0] != next_day[0]
    assert first[1] == next_day[1] != other[1]


@pytest.mark.parametrize(
    ("ip", "desk", "recipient"),
    [
        ("104.16.1.1", "abuse@net.example", "cloudflare"),
        ("198.51.100.1", "abuse@cloudflare.com", "cloudflare"),
        ("198.51.100.1", "abuse@net.example", "abuse@net.example"),
    ],
)
def test_whom(ip: str, desk: str, recipient: str) -> None:
    """By its networks or its mailbox; the relay's network has mail all the same."""
    address = ip_address(ip)
    known = Known(
        {"shop.example": (address,)},
        {address: contact(desk), ip_address("192.0.2.7"): contact(desk)},
    )
    evidence = Evidence("f" * 64, (relay(),), (link(),))
    settings: AbuseReportSettings = evolve(SETTINGS, providers=ALL)
    found = group(evidence, known, settings, sending=True).to_mail
    assert {c.address for c in found} == {desk, recipient}
    assert {c.address for c in group(evidence, known, settings).to_mail} == {desk}


def test_nothing_to_tell() -> None:
    """Links that are too long to be told whole are not told in half."""
    long = Link("http://shop.example/" + "x" * 3000, "shop.example", Role.NAVIGATES)
    assert [r.route for r in drafted(host("shop.example", long))] == ["smtp"]
    assert drafted(host("shop.example", long), address="cloudflare") == []


def test_off() -> None:
    """Nobody is told unless the operator says so."""
    assert not ProviderSettings().any
    assert evolve(SETTINGS, providers=ProviderSettings()).manner("a@b.example").redact


def test_bad_settings() -> None:
    """What could not work is told at the start."""
    with pytest.raises(ValueError, match="needs key"):
        KeyedSettings(enabled=True)
    with pytest.raises(ValueError, match="both given"):
        KeyedSettings(key="x", key_file="/x")
    with pytest.raises(ValueError, match="account_id"):
        CloudflareSettings(enabled=True, key="x")
    with pytest.raises(ValueError, match=r"needs abuse_report\.from"):
        AbuseReportSettings(providers=ALL)
