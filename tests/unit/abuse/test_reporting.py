"""sc.abuse.reporting: from a message to the outbox, once, whatever fails on the way."""

from collections.abc import AsyncIterator, Sequence
from email import message_from_bytes
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from attrs import define, evolve, field
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.logger import capturedLogs, formatEvent

from sc.abuse.bounces.settings import BounceSettings
from sc.abuse.bounces.verp import return_paths
from sc.abuse.case import DRY_RUN, NOTHING
from sc.abuse.contacts.lookup import TIMEOUT
from sc.abuse.evidence import EvidenceSettings, gather
from sc.abuse.providers.settings import (
    CloudflareSettings,
    ProviderSettings,
    SpamcopSettings,
)
from sc.abuse.requests import Requests
from sc.abuse.settings import AbuseReportSettings, AutomaticSettings
from sc.abuse.shorteners.following import TIMEOUT as SHORTENERS_TIMEOUT
from sc.model.decision import Action, Reason, ScoredSymbol
from sc.model.envelope import Direction
from sc.model.evidence import Evidence, Link, Role
from sc.model.message import Message
from sc.model.report import (
    Boundary,
    ReportRequest,
    ReportStatus,
    SendingNotConfiguredError,
)
from sc.model.report import ReportState as S
from sc.outbox.entry import NewReport
from sc.outbox.rules import RateLimits, Rules
from sc.outbox.settings import DAY
from sc.store.interface import StoreError
from tests.fakes.abuse import SEAL, SETTINGS, SPAM, Desk, desk, link, message, relay
from tests.fakes.flow import decision_of
from tests.fakes.outbox import NOW
from tests.fakes.short_links import FakeWeb

EVIDENCE = Evidence("f" * 64, (relay(),), (link(),))
SEND = ReportRequest(send=True, caller="test")
LOOK = ReportRequest()


@define
class Desks:
    """Makes desks on one file, and closes them."""

    path: Path
    made: list[Desk] = field(factory=list)

    def __call__(
        self, evidence: Evidence | Exception = EVIDENCE, *args: Any, **more: Any
    ) -> Desk:
        self.made.append(desk(self.path, evidence, *args, **more))
        return self.made[-1]


@pytest_twisted.async_yield_fixture
async def desks(tmp_path: Path) -> AsyncIterator[Desks]:
    made = Desks(tmp_path / "store.db")
    yield made
    for one in made.made:
        await one.stop(0.0)
        await one.bench.store.close()


async def left(here: Desk) -> tuple[str, ...]:
    return await Requests(here.bench.store).ids(NOW)


async def sent(here: Desk, report_id: str) -> None:
    await here.bench.outbox.begin(report_id)
    await here.bench.outbox.end(report_id, S.SENT, "250 ok")


async def test_answer_only(desks: Desks) -> None:
    """Without `send` the complaints come back, and nothing is written or kept."""
    here = desks()
    outcome = await here.reporter.report(message(), LOOK)
    assert [c.address for c in outcome.complaints] == [
        "abuse@net.example",
        "abuse@hosting.example",
    ]
    assert (outcome.message_id, outcome.evidence) == ("m1", EVIDENCE)
    assert (outcome.complete, outcome.warnings, outcome.reports) == (True, (), ())
    assert await left(here) == ()
    assert await here.bench.outbox.list() == ()
    assert here.clock.getDelayedCalls() == []


async def test_sent(desks: Desks) -> None:
    """With `send` each desk's report is queued; the answer waits until it is sent."""
    here = desks()
    waiting = Deferred.fromCoroutine(here.reporter.report(message(), SEND))
    assert not waiting.called
    for report_id in ("r1", "r2"):
        await sent(here, report_id)
    outcome = await waiting
    assert [(r.id, r.contact, r.state) for r in outcome.reports] == [
        ("r1", "abuse@net.example", S.SENT),
        ("r2", "abuse@hosting.example", S.SENT),
    ]
    assert outcome.complete
    assert await left(here) == ()
    assert here.clock.getDelayedCalls() == []


async def test_provider_is_no_desk(desks: Desks) -> None:
    """What a provider hears of and is seen again counts against nobody."""
    cloudflare = CloudflareSettings(
        enabled=True, key="k", account_id="a", networks=(ip_network("198.51.100.0/24"),)
    )
    spamcop = SpamcopSettings(address="submit.1@spam.example")
    every = ProviderSettings(cloudflare=cloudflare, spamcop=spamcop)
    here = desks(settings=evolve(SETTINGS, providers=every))
    for _ in range(2):
        await here.reporter.accept(message(), SEND)
        for entry in await here.bench.outbox.list(S.QUEUED):
            await sent(here, entry.id)
        here.clock.advance(DAY)
    reports = await here.bench.outbox.list()
    assert {r.contact for r in reports} == {
        "abuse@net.example",
        "cloudflare",
        "spamcop",
    }
    (only,) = await here.bench.desks.list(10)
    assert (only.address, only.recurrences) == ("abuse@net.example", 1)


async def test_mail(desks: Desks) -> None:
    """What lies in the outbox is a redacted report, from us, with a lasting name."""
    here = desks()
    await here.reporter.accept(message(), SEND)
    entry = await here.bench.outbox.get("r1")
    assert (entry.mail_from, entry.rcpt_to) == (
        "abuse@example.org",
        "abuse@net.example",
    )
    assert (entry.message_id, entry.evidence) == ("m1", "192.0.2.7")
    mail = await here.bench.outbox.mail("r1") or b""
    parsed = message_from_bytes(mail)
    assert parsed["Message-ID"] == entry.mail_message_id
    assert parsed["From"] == "Example Postmaster <abuse@example.org>"
    assert b"bob" not in mail
    assert b"redacted-" in mail
    assert SEAL.is_ours(mail)


async def test_real_evidence(desks: Desks) -> None:
    """A real message at a configured boundary: relay and link, each to its desk."""
    content = (
        b"Received: from spam.example (spam.example [11.22.33.44])\n"
        b"\tby mx.example.org with ESMTP for <bob@example.org>;\n"
        b"\tFri, 20 Nov 2026 10:00:00 +0000\n"
        b"From: x@spam.example\n\nSee http://shop.example/?to=bob@example.org now\n"
    )
    boundary = Boundary(domains=("example.org",))
    evidence = gather(message(content), boundary, EvidenceSettings())
    here = desks(evidence)
    here.finder.desks["11.22.33.44"] = "abuse@transit.example"
    await here.reporter.accept(message(content), SEND)
    mails = [await here.bench.outbox.mail(name) or b"" for name in ("r1", "r2")]
    assert b"\r\nSource-IP: 11.22.33.44\r\n" in mails[0]
    assert b"\r\nArrival-Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n" in mails[0]
    assert b"Source-IP" not in mails[1]
    assert b"\r\nReported-URI: http://shop.example/?to=redacted-" in mails[1]
    assert not any(b"bob" in mail for mail in mails)


async def test_links_are_redacted(desks: Desks) -> None:
    """A link that carries the recipient is told without it."""
    url = "http://shop.example/?u=bob%40example.org"
    here = desks(Evidence("f", links=(evolve(link(), url=url, chain=(url,)),)))
    await here.reporter.accept(
        message(sender="bounce-bob=example.org@esp.example"), SEND
    )
    mail = await here.bench.outbox.mail("r1") or b""
    assert b"Reported-URI: http://shop.example/?u=redacted-" in mail
    assert b"Original-Mail-From: <bounce-redacted-" in mail
    assert b"bob" not in mail


SHORT = "https://bit.ly/a"
SHORT_LINK = Link(SHORT, "bit.ly", Role.NAVIGATES)


async def test_short_link(desks: Desks) -> None:
    """The network behind short links hears of its host, and by which ways."""
    end, other = "http://shop.example/?to=bob@example.org", "https://t.co/b"
    links = (SHORT_LINK, Link(other, "t.co", Role.NAVIGATES))
    web = FakeWeb({SHORT: end, other: end})
    site = desks(Evidence("f", links=links), web=web)
    await site.reporter.accept(message(), SEND)
    (report,) = await site.bench.outbox.list()
    assert report.contact == "abuse@hosting.example"
    mail = await site.bench.outbox.mail("r1") or b""
    assert b"Reported-URI: http://shop.example/?to=redacted-" in mail
    assert mail.count(b"Reported-URI: ") == 1
    for url in (SHORT, other):
        assert f"\r\n    reached through {url}\r\n".encode() in mail
    assert b"bob" not in mail


async def test_way_to_a_link(desks: Desks) -> None:
    """A recipient's own mail filter is not told of; a redirector is, redacted."""
    chain = (
        "https://urldefense.com/v3/__https://x.example/__;!!token$",
        "https://go.example/?u=bob%40example.org",
    )
    here = desks(Evidence("f", links=(evolve(link(), chain=chain),)))
    await here.reporter.accept(message(), SEND)
    mail = await here.bench.outbox.mail("r1") or b""
    assert b"\r\n    reached through https://go.example/?u=redacted-" in mail
    assert b"urldefense" not in mail


async def test_dead_short_link(desks: Desks) -> None:
    """A short link that leads nowhere is told as it is, and why."""
    site = desks(Evidence("f", links=(SHORT_LINK,)), web=FakeWeb({SHORT: 404}))
    outcome = await site.reporter.report(message(), LOOK)
    said = "bit.ly answers HTTP 404 and redirects nowhere"
    assert outcome.warnings == (
        f"{SHORT} is not followed: {said}",
        "bit.ly has no address",
    )
    assert outcome.evidence.links == (SHORT_LINK,)


async def test_hanging_shortener(desks: Desks) -> None:
    """A shortener that hangs leaves time for everybody's desk."""
    web = FakeWeb({SHORT: Deferred()})
    links = (SHORT_LINK, link())
    site = desks(Evidence("f", (relay(),), links), web=web)
    work = Deferred.fromCoroutine(site.reporter.report(message(), LOOK))
    assert site.finder.asked == ["192.0.2.7"]
    site.clock.advance(SHORTENERS_TIMEOUT)
    outcome = await work
    assert outcome.complete
    assert [c.address for c in outcome.complaints] == [
        "abuse@net.example",
        "abuse@hosting.example",
    ]
    assert f"where {SHORT} leads did not come within 4 s" in outcome.warnings


async def test_skipped_message(desks: Desks) -> None:
    """Nobody is asked about a message that is not to be reported."""
    web = FakeWeb({SHORT: "http://shop.example/"})
    site = desks(Evidence("f", links=(SHORT_LINK,), skip="a bounce"), web=web)
    await site.reporter.report(message(), LOOK)
    assert web.asked == []


async def test_not_redacted(desks: Desks) -> None:
    """Where the operator switched redaction off, the message goes as it is."""
    here = desks(EVIDENCE, evolve(SETTINGS, redact=False, reporter="Example Ltd"))
    await here.reporter.accept(message(), SEND)
    mail = await here.bench.outbox.mail("r1") or b""
    assert b"Dear bob@example.org" in mail
    assert b"From: Example Ltd <abuse@example.org>" in mail


@pytest.mark.parametrize(
    ("source", "arrival"),
    [
        (relay(), "Fri, 20 Nov 2026 10:00:00 +0000"),
        (relay(date=None, hop=None), "Tue, 14 Nov 2023 22:13:20 +0000"),
        (relay(date=None), None),
        (relay(date=relay().date.replace(year=1)), None),  # type: ignore[union-attr]  # has one
        (
            relay(date=relay().date.replace(tzinfo=None)),  # type: ignore[union-attr]  # has one
            "Fri, 20 Nov 2026 10:00:00 +0000",
        ),
    ],
)
async def test_arrival(desks: Desks, source: Any, arrival: str | None) -> None:
    """The time is the handover's if it is known, and never invented."""
    here = desks(Evidence("f", (source,)))
    await here.reporter.accept(message(), SEND)
    mail = message_from_bytes(await here.bench.outbox.mail("r1") or b"")
    fields: Any = mail.get_payload(1)
    assert fields.get_payload(0)["Arrival-Date"] == arrival


async def test_not_configured(desks: Desks) -> None:
    """To send without `abuse_report` configured is refused; to look is not."""
    for settings in (AbuseReportSettings(), evolve(SETTINGS, smtp=None)):
        here = desks(EVIDENCE, settings)
        for asking in (here.reporter.report, here.reporter.accept):
            with pytest.raises(SendingNotConfiguredError):
                await asking(message(), SEND)
        assert await left(here) == ()
        outcome = await here.reporter.report(message(), LOOK)
        assert len(outcome.complaints) == 2


async def test_repeated(desks: Desks) -> None:
    """The same evidence again is told as a duplicate with its present state."""
    here = desks()
    await here.reporter.accept(message(), SEND)
    for report_id in ("r1", "r2"):
        await sent(here, report_id)
    outcome = await here.reporter.report(message(message_id="m2"), SEND)
    assert [(r.id, r.state, r.duplicate) for r in outcome.reports] == [
        ("r1", S.SENT, True),
        ("r2", S.SENT, True),
    ]
    assert len(await here.bench.outbox.list()) == 2


async def test_two_at_once(desks: Desks) -> None:
    """Two requests at once, of one message or two copies, make one report a desk."""
    here = desks()
    found: Deferred[None] = Deferred()
    here.finder.hanging["192.0.2.7"] = found
    asking = [
        Deferred.fromCoroutine(here.reporter.report(message(message_id=name), SEND))
        for name in ("m1", "m2", "m1")
    ]
    here.finder.hanging.clear()
    found.callback(None)
    here.clock.advance(10.0)
    outcomes = await gatherResults(asking, consumeErrors=True)
    ids = [sorted(r.contact for r in outcome.reports) for outcome in outcomes]
    assert ids == [["abuse@hosting.example", "abuse@net.example"]] * 3
    assert len(await here.bench.outbox.list()) == 2


async def test_wait_over(desks: Desks) -> None:
    """After ten seconds the caller is told what is known; the rest goes on."""
    here = desks()
    answer: Deferred[None] = Deferred()
    here.finder.hanging["198.51.100.1"] = answer
    waiting = Deferred.fromCoroutine(here.reporter.report(message(), SEND))
    here.clock.advance(9.9)
    assert not waiting.called
    here.clock.advance(0.1)
    outcome = await waiting
    assert not outcome.complete
    assert outcome.reports == ()
    assert [c.address for c in outcome.complaints] == ["abuse@net.example"]
    assert outcome.warnings == (
        "the contact for 198.51.100.1 did not come within 10 s",
    )
    assert await left(here) == ("m1",)
    answer.callback(None)
    assert len(await here.bench.outbox.list()) == 2
    assert await left(here) == ()


async def test_queued_when_the_wait_is_over(desks: Desks) -> None:
    """A relay that takes its time leaves the reports queued in the answer."""
    here = desks()
    waiting = Deferred.fromCoroutine(here.reporter.report(message(), SEND))
    here.clock.advance(10.0)
    outcome = await waiting
    assert outcome.complete
    assert [r.state for r in outcome.reports] == [S.QUEUED, S.QUEUED]


async def test_look_is_bounded(desks: Desks) -> None:
    """Without `send` nobody looks on when the wait is over."""
    here = desks()
    here.resolver.hanging.add("shop.example")
    waiting = Deferred.fromCoroutine(here.reporter.report(message(), LOOK))
    here.clock.advance(10.0)
    outcome = await waiting
    assert not outcome.complete
    assert outcome.warnings == (
        "the addresses of shop.example did not come within 10 s",
    )
    assert [c.address for c in outcome.complaints] == ["abuse@net.example"]
    assert here.clock.getDelayedCalls() == []


async def test_caller_leaves(desks: Desks) -> None:
    """A caller who leaves does not stop a report that has begun."""
    here = desks()
    answer: Deferred[None] = Deferred()
    here.finder.hanging["192.0.2.7"] = answer
    waiting = Deferred.fromCoroutine(here.reporter.report(message(), SEND))
    waiting.cancel()
    with pytest.raises(CancelledError):
        await waiting
    answer.callback(None)
    assert len(await here.bench.outbox.list()) == 2


async def test_resumed(desks: Desks) -> None:
    """A request that a daemon did not finish is finished by the next one, once."""
    here = desks()
    here.finder.hanging["192.0.2.7"] = Deferred()
    await here.reporter.accept(message(), SEND)
    await here.stop(5.0)
    await here.bench.store.close()
    again = desks()
    again.reporter.start()
    assert len(await again.bench.outbox.list()) == 2
    assert await left(again) == ()


async def test_resumed_after_half(desks: Desks) -> None:
    """A daemon that died between two reports sends the second, and no first again."""
    here = desks()
    await here.reporter.accept(message(), SEND)
    await Requests(here.bench.store).add(message(), SEND, 1.0)
    await here.bench.store.close()
    again = desks()
    again.reporter.start()
    assert len(await again.bench.outbox.list()) == 2
    assert await left(again) == ()


async def test_resumed_when_configured(desks: Desks) -> None:
    """Requests wait on the disk while nothing can be sent: no mail is from nobody."""
    here = desks(EVIDENCE, AbuseReportSettings())
    await Requests(here.bench.store).add(message(), SEND, 1.0)
    here.reporter.start()
    assert here.gathered == []
    assert await left(here) == ("m1",)


async def test_a_stop_answers_who_waits(desks: Desks) -> None:
    """Whoever waits while the daemon stops is told how far it is, in time."""
    here = desks()
    here.finder.hanging["192.0.2.7"] = Deferred()
    waiting = Deferred.fromCoroutine(here.reporter.report(message(), SEND))
    stopping = Deferred.fromCoroutine(here.reporter.stop(5.0))
    here.clock.advance(10.0)
    await stopping
    assert not (await waiting).complete
    assert await left(here) == ("m1",)


@pytest.mark.parametrize("skip", ["a feedback report", "submitted by our own user"])
async def test_skipped(desks: Desks, skip: str) -> None:
    """What must not be reported is not even looked up, and the answer says why."""
    here = desks(evolve(EVIDENCE, skip=skip))
    for request in (LOOK, SEND):
        outcome = await here.reporter.report(message(), request)
        assert (outcome.complaints, outcome.reports) == ((), ())
        assert outcome.warnings == (f"not reported: {skip}",)
    assert (here.resolver.asked, here.finder.asked) == ([], [])


async def test_own_report(desks: Desks) -> None:
    """Our own report that comes back as spam is never reported."""
    here = desks()
    await here.reporter.accept(message(), SEND)
    mail = await here.bench.outbox.mail("r1") or b""
    outcome = await here.reporter.report(message(mail, "m2"), SEND)
    assert outcome.warnings == ("not reported: our own report",)
    assert len(await here.bench.outbox.list()) == 2


async def test_the_operator_reads_why_nothing_was_sent(desks: Desks) -> None:
    """A request of which no new mail comes leaves a line that says why."""
    for evidence, why in (
        (Evidence("f"), NOTHING),
        (Evidence("f", skip="it says that software sent it"), "it says that software"),
        (EVIDENCE, None),
        (EVIDENCE, "it was reported before as r1,r2"),
    ):
        here = desks(evidence)
        with capturedLogs() as logs:
            await here.reporter.accept(message(), SEND)
        lines = [formatEvent(event) or "" for event in logs]
        told = [line for line in lines if line.startswith("not reported id=m1 ")]
        expected = [] if why is None else [f"not reported id=m1 caller=test: {why}"]
        assert [line[: len(expected[0])] for line in told] == expected


async def test_nothing_to_send(desks: Desks) -> None:
    """Where nobody is to be written to, the answer says so."""
    links = (link(role=Role.RESOURCE), link("gone.example"))
    here = desks(Evidence("f", (relay(verified=False),), links, ("no boundary",)))
    outcome = await here.reporter.report(message(), SEND)
    assert outcome.reports == ()
    assert outcome.warnings == ("no boundary", "gone.example has no address", NOTHING)
    assert outcome.complete


@pytest.mark.parametrize(
    ("boundary", "request_boundary", "mails"),
    [
        (Boundary(legacy_all=True), None, 1),
        (Boundary(legacy_all=True), Boundary(), 1),
        (Boundary(), Boundary(legacy_all=True), 0),
        (Boundary(legacy_all=True), Boundary(names=("mx",)), 0),
    ],
)
async def test_legacy_all(
    desks: Desks, boundary: Boundary, request_boundary: Boundary | None, mails: int
) -> None:
    """Unverified relays are written to only by the operator's word."""
    evidence = Evidence("f", (relay(verified=False),))
    here = desks(evidence, SETTINGS, boundary=boundary)
    await here.reporter.accept(message(), ReportRequest(True, request_boundary))
    assert len(await here.bench.outbox.list()) == mails
    assert here.gathered == [request_boundary or boundary]


async def test_not_taken(desks: Desks) -> None:
    """A request that cannot be committed is refused, and not begun."""
    here = desks()
    await here.bench.store.close()
    for asking in (here.reporter.report, here.reporter.accept):
        with pytest.raises(StoreError):
            await asking(message(), SEND)
    assert here.gathered == []


@define
class FailingOutbox:
    """@ivar failures: how many times it takes nothing, or tells nothing."""

    failures: int = 0
    added: list[NewReport] = field(factory=list)

    async def add(self, report: NewReport) -> ReportStatus:
        if self.failures and self.added:
            self.failures -= 1
            raise StoreError("disk full")
        known = [r.id for r in self.added if r.key == report.key]
        self.added += [] if known else [report]
        name = known[0] if known else report.id
        return ReportStatus(name, report.contact, S.QUEUED, duplicate=bool(known))

    async def wait(
        self, report_ids: Sequence[str], timeout: float
    ) -> tuple[ReportStatus, ...]:
        raise StoreError("disk full")


async def test_outbox_fails(desks: Desks) -> None:
    """An outbox that cannot write delays a report; nothing is lost or told twice."""
    outbox = FailingOutbox(failures=2)
    here = desks(EVIDENCE, evolve(SETTINGS, wait=600.0), outbox=outbox)
    waiting = Deferred.fromCoroutine(here.reporter.report(message(), SEND))
    assert len(outbox.added) == 1
    here.clock.pump([30.0] * 3)
    outcome = await waiting
    assert [(r.contact, r.duplicate) for r in outcome.reports] == [
        ("abuse@net.example", False),
        ("abuse@hosting.example", False),
    ]
    assert await left(here) == ()


async def test_slow_lookup_ends(desks: Desks) -> None:
    """A contact that never comes does not hold up the other desks for ever."""
    here = desks()
    here.finder.hanging["198.51.100.1"] = Deferred()
    await here.reporter.accept(message(), SEND)
    here.clock.advance(TIMEOUT)
    (entry,) = await here.bench.outbox.list()
    assert entry.contact == "abuse@net.example"


async def test_dead_desk(desks: Desks) -> None:
    """A desk where nobody is gets no report; the answer and the outbox say why."""
    here = desks()
    first = await taken(here, message())
    await sent(here, first)
    bury = here.bench.desks.bury
    await here.bench.outbox.bounced(first, "550 5.1.1 unknown", bury)
    why = "abuse@net.example is dead until 2023-12-14 (550 5.1.1 unknown)"
    looked = await here.reporter.report(message(message_id="m2"), LOOK)
    assert f"{why}: not written to" in looked.warnings
    another_message(here, EVIDENCE)
    here.clock.advance(1)
    entry = await here.bench.outbox.get(await taken(here, message(message_id="m3")))
    assert (entry.state, entry.reason) == (S.SUPPRESSED, why)
    assert entry.next_attempt is None


def another_message(here: Desk, evidence: Evidence) -> None:
    """What comes next is not the same once more."""
    means = here.reporter.means
    other = evolve(evidence, fingerprint="e" * 64)
    here.reporter.means = evolve(means, gather=lambda *_: other)


async def taken(here: Desk, about: Message) -> str:
    """The report to the relay's desk."""
    await here.reporter.accept(about, SEND)
    entries = await here.bench.outbox.list()
    return next(e.id for e in entries if e.rcpt_to == "abuse@net.example")


async def test_dead_desk_revived(desks: Desks) -> None:
    """What was kept back goes when it is reported once more, or told to."""
    here = desks()
    key = NewReport(
        key="k",
        contact="abuse@net.example",
        message_id="m1",
        mail_from="abuse@example.org",
        rcpt_to="abuse@net.example",
        mail=b"x",
        mail_message_id="<1@x>",
    )
    kept_back = await here.bench.outbox.add(evolve(key, suppressed="dead"))
    again = await here.bench.outbox.add(evolve(key, suppressed="dead"))
    assert (again.id, again.duplicate) == (kept_back.id, True)
    now = await here.bench.outbox.add(key)
    assert (now.state, now.duplicate) == (S.QUEUED, False)
    assert (await here.bench.outbox.retry(kept_back.id)).state is S.QUEUED


async def test_did_it_stop(desks: Desks) -> None:
    """A relay seen again after its report counts against its desk."""
    old = evolve(EVIDENCE, relays=(relay(date=None),))
    here = desks(old)
    await sent(here, await taken(here, message()))
    here.clock.advance(86_400.0)
    another_message(here, old)
    await here.reporter.accept(message(message_id="m2"), SEND)
    listed = await here.bench.desks.list(10)
    assert [(d.address, d.sent, d.recurrences) for d in listed] == [
        ("abuse@net.example", 1, 1)
    ]


async def test_return_path(desks: Desks) -> None:
    """With a mailbox for bounces, each report has a sender of its own."""
    bounces = BounceSettings("bounces@example.org")
    here = desks(EVIDENCE, evolve(SETTINGS, bounces=bounces))
    await here.reporter.accept(message(), SEND)
    entry = await here.bench.outbox.get("r1")
    paths = return_paths(bounces, SEAL.key)
    assert paths is not None
    assert paths.report_of(entry.mail_from) == "r1"


ON = AutomaticSettings(listeners=("lmtp",), actions=(Action.REJECT,))


@pytest.mark.parametrize(
    ("on", "action", "direction", "reported"),
    [
        (ON, Action.REJECT, Direction.INBOUND, True),
        (ON, Action.ADD_HEADER, Direction.INBOUND, True),
        (ON, Action.NO_ACTION, Direction.INBOUND, False),
        (ON, Action.REJECT, Direction.OUTBOUND, False),
        (
            AutomaticSettings(listeners=("smtp",)),
            Action.REJECT,
            Direction.INBOUND,
            False,
        ),
        (
            AutomaticSettings(actions=(Action.REJECT,)),
            Action.REJECT,
            Direction.INBOUND,
            True,
        ),
        (AutomaticSettings(), Action.REJECT, Direction.INBOUND, False),
    ],
)
async def test_after_scan(
    desks: Desks,
    on: AutomaticSettings,
    action: Action,
    direction: Direction,
    reported: bool,
) -> None:
    """Only what the operator listed, judged as spam, and inbound reports itself."""
    here = desks(EVIDENCE, evolve(SETTINGS, on=on))
    await here.reporter.after_scan(message(), direction, decision_of(action))
    assert bool(await here.bench.outbox.list()) is reported


@pytest.mark.parametrize(
    ("reason", "symbol"),
    [(Reason.UNSCANNED, "X"), (Reason.TEST, "GTUBE"), (Reason.VIRUS, "EICAR")],
)
async def test_no_spam(desks: Desks, reason: Reason, symbol: str) -> None:
    """What could not be scanned, or is a test, does not report itself."""
    here = desks(EVIDENCE, evolve(SETTINGS, on=ON))
    symbols = (ScoredSymbol(symbol, 0.0),)
    decision = evolve(decision_of(Action.REJECT), reason=reason, symbols=symbols)
    await here.reporter.after_scan(message(), Direction.INBOUND, decision)
    assert here.gathered == []


@pytest.mark.parametrize(
    ("reason", "symbol"), [(Reason.VIRUS, "CLAMAV_VIRUS"), (Reason.SPAM, "X_VIRUS")]
)
async def test_virus(desks: Desks, reason: Reason, symbol: str) -> None:
    """A virus is reported, and the report does not carry it."""
    here = desks(EVIDENCE, evolve(SETTINGS, on=ON))
    symbols = (ScoredSymbol(symbol, 0.0),)
    decision = evolve(decision_of(Action.REJECT), reason=reason, symbols=symbols)
    spam = message(SPAM.replace(b"\n\n", b"\nContent-Type: image/png\n\nworm", 1))
    await here.reporter.after_scan(spam, Direction.INBOUND, decision)
    entries = await here.bench.outbox.list()
    assert len(entries) == 2
    for entry in entries:
        mail = await here.bench.outbox.mail(entry.id) or b""
        assert b"worm" not in mail
        assert b"Feedback-Type: virus" in mail


async def test_taken_but_not_to_be_sent(desks: Desks) -> None:
    """A request that does not ask to send sends nothing, however it came."""
    here = desks()
    await here.reporter.accept(message(), LOOK)
    assert here.gathered
    assert await left(here) == ()
    assert await here.bench.outbox.list() == ()


async def test_after_scan_never_fails(desks: Desks) -> None:
    """A scan that has its answer does not fail for a report."""
    here = desks(EVIDENCE, evolve(SETTINGS, on=ON))
    await here.bench.store.close()
    decision = decision_of(Action.REJECT)
    await here.reporter.after_scan(message(), Direction.INBOUND, decision)
    assert here.gathered == []


@pytest.mark.parametrize("by_request", [True, False])
async def test_dry_run(desks: Desks, by_request: bool) -> None:
    """Everything is done but the sending: the mails are files, the outbox is empty."""
    settings = SETTINGS if by_request else evolve(SETTINGS, dry_run=True)
    here = desks(settings=settings)
    request = evolve(SEND, dry_run=by_request)
    outcome = await here.reporter.report(message(), request)
    assert [(r.id, r.state) for r in outcome.reports] == [
        ("r1", S.SUPPRESSED),
        ("r2", S.SUPPRESSED),
    ]
    assert (outcome.dry_run, outcome.warnings) == (True, (DRY_RUN,))
    assert await here.bench.outbox.list() == ()
    assert await left(here) == ()
    folder = desks.path.parent / "dry-run"
    mail = message_from_bytes((folder / "r1.eml").read_bytes())
    assert mail["To"] == "<abuse@net.example>"
    assert len(list(folder.iterdir())) == 2


async def test_dry_run_of_an_earlier_version(desks: Desks) -> None:
    """A request that was committed before there were dry runs is sent."""
    here = desks()
    requests = Requests(here.bench.store)
    await requests.add(message(), SEND, 0.0)
    await here.bench.store.transact(
        lambda cursor: (
            cursor.execute(
                "UPDATE report_requests SET request ="
                " replace(request, ', \"dry_run\": false', '')"
            )
            and None
        )
    )
    begun = await requests.begin("m1", 0.0)
    assert begun is not None
    assert begun[1] == SEND


async def test_digest_of_reports(desks: Desks) -> None:
    """Above the rate a second message of a relay goes in the first one's mail."""
    here = desks()
    here.bench.outbox.rules = Rules(RateLimits(contact_hour=1))
    await here.reporter.accept(message(), SEND)
    other = evolve(EVIDENCE, fingerprint="e" * 64)
    here.reporter.means = evolve(here.reporter.means, gather=lambda *_: other)
    await here.reporter.accept(message(message_id="m2"), SEND)
    entries = await here.bench.outbox.list()
    assert [e.carrier for e in entries if e.message_id == "m2"] == ["r1", "r2"]
    mail = message_from_bytes(await here.bench.outbox.mail("r1") or b"")
    entry = await here.bench.outbox.get("r1")
    assert mail["Message-ID"] == entry.mail_message_id
    assert b"Incidents: 2" in mail.as_bytes()
    assert b"192.0.2.7  r1" in mail.as_bytes()
    assert SEAL.is_ours(await here.bench.outbox.mail("r1") or b"")
