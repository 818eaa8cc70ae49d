"""What a report is made of: evidence, a resolver and a finder that answer at will."""

from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from sc.abuse.bounces.verp import return_paths
from sc.abuse.case import Means
from sc.abuse.contacts.finder import ContactError
from sc.abuse.contacts.lookup import Lookup
from sc.abuse.reporting import Reporter
from sc.abuse.reports.drafts import Drafts
from sc.abuse.reports.dry_run import DryRun
from sc.abuse.reports.report_id import ReportSeal
from sc.abuse.requests import Requests
from sc.abuse.settings import AbuseReportSettings
from sc.maillog import MailLog
from sc.model.complaint import Complaint, Contact, LinkItem, RelayItem
from sc.model.envelope import Envelope, IPAddress
from sc.model.evidence import Attached, Evidence, Link, Relay, Role
from sc.model.message import Message
from sc.model.report import Boundary
from sc.net.relay_settings import RelaySettings
from sc.net.resolver import NotFoundError
from tests.fakes.inline_threads import INLINE
from tests.fakes.outbox import Bench
from tests.fakes.short_links import FakeWeb, shorteners

ARRIVED = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SPAM = (
    b"Received: from bad.example ([192.0.2.7]) by mx.example.org\n"
    b"\tfor <bob@example.org>; Fri, 20 Nov 2026 10:00:00 +0000\n"
    b"To: bob@example.org\nSubject: You have won\n\nDear bob@example.org, come.\n"
)
SETTINGS = AbuseReportSettings(
    from_="Example Postmaster <abuse@example.org>",
    smtp=RelaySettings("127.0.0.1:25"),
)
NO_BOUNDARY = Boundary()
SEAL = ReportSeal(b"s" * 32)


def relay(ip: str = "192.0.2.7", *, verified: bool = True, **more: Any) -> Relay:
    values: dict[str, Any] = {
        "helo": "bad.example",
        "by": "mx.example.org",
        "date": ARRIVED,
        "hop": 0,
    }
    return Relay(ip_address(ip), verified, **(values | more))


def link(host: str = "shop.example", role: Role = Role.NAVIGATES, n: int = 0) -> Link:
    return Link(f"http://{host}/{n or ''}", host, role)


def contact(address: str = "abuse@net.example") -> Contact:
    return Contact(address, "rdap", "role abuse", ip_network("192.0.2.0/24"))


def complaint(*items: RelayItem | LinkItem) -> Complaint:
    return Complaint(
        "abuse@net.example", items or (RelayItem(relay(), contact()),), True
    )


def message(content: bytes = SPAM, message_id: str = "m1", **envelope: Any) -> Message:
    told: dict[str, Any] = {
        "sender": "win@bad.example",
        "recipients": ("bob@example.org",),
    }
    return Message(message_id, Envelope(**(told | envelope)), content, "lmtp")


@define
class StubResolver:
    """@ivar hanging: hosts whose answer never comes."""

    zone: Mapping[str, tuple[str, ...]]
    hanging: set[str] = field(factory=set)
    asked: list[str] = field(factory=list)

    async def addresses(self, host: str) -> tuple[IPAddress, ...]:
        self.asked.append(host)
        if host in self.hanging:
            await Deferred()
        if host not in self.zone:
            raise NotFoundError(f"{host} has no address")
        return tuple(map(ip_address, self.zone[host]))


@define
class StubFinder:
    """
    @ivar desks: address to mailbox; without one there is no contact.
    @ivar hanging: addresses whose answer comes when a test says so.
    """

    desks: dict[str, str]
    hanging: "dict[str, Deferred[None]]" = field(factory=dict)
    asked: list[str] = field(factory=list)
    error: Exception | None = None

    async def find(self, ip: IPAddress) -> Contact:
        self.asked.append(str(ip))
        if str(ip) in self.hanging:
            await self.hanging[str(ip)]
        if self.error is not None:
            raise self.error
        if str(ip) not in self.desks:
            raise ContactError(f"no contact for {ip}: the registry names none")
        return contact(self.desks[str(ip)])


@define
class Desk:
    """A whole reporter on a real store and outbox, on a fake clock."""

    bench: Bench
    reporter: Reporter
    resolver: StubResolver
    finder: StubFinder
    gathered: list[Boundary]

    @property
    def clock(self) -> Clock:
        return self.bench.clock

    async def stop(self, timeout: float) -> None:
        stopping = Deferred.fromCoroutine(self.reporter.stop(timeout))
        self.clock.advance(timeout)
        await stopping


def desk(
    path: Path,
    evidence: Evidence | Exception,
    settings: AbuseReportSettings = SETTINGS,
    *,
    boundary: Boundary = NO_BOUNDARY,
    outbox: Any = None,
    web: FakeWeb | None = None,
    place: str | None = None,
) -> Desk:
    """
    192.0.2.x and 198.51.100.x belong to two networks; two hosts exist.

    @param path: the store, unless `place` names another one; dry runs go beside it.
    """
    bench = Bench.make(place or path)
    hosts = {"shop.example": ("198.51.100.1",), "cdn.example": ("192.0.2.9",)}
    resolver = StubResolver(hosts)
    networks = {"192.0.2.7": "abuse@net.example", "192.0.2.9": "abuse@net.example"}
    finder = StubFinder(networks | {"198.51.100.1": "abuse@hosting.example"})
    gathered: list[Boundary] = []

    async def no_attachment(_: Message) -> tuple[Attached, ...]:
        return ()

    def gather(
        _: Message, boundary: Boundary, attached: tuple[Attached, ...]
    ) -> Evidence:
        gathered.append(boundary)
        if isinstance(evidence, Exception):
            raise evidence
        return evidence

    names = iter(range(1, 1000))
    drafts = Drafts(
        settings,
        "sc/1",
        b"k" * 32,
        SEAL,
        lambda: f"r{next(names)}",
        return_paths=return_paths(settings.bounces, SEAL.key),
    )
    means = Means(
        settings,
        no_attachment,
        gather,
        boundary,
        Lookup(resolver, finder, bench.clock),
        shorteners(web or FakeWeb(), bench.clock, INLINE),
        drafts,
        SEAL,
        outbox or bench.outbox,
        DryRun(path.parent / "dry-run", bench.clock, INLINE, MailLog()),
        INLINE,
        bench.desks,
    )
    reporter = Reporter(means, Requests(bench.store), bench.clock, MailLog())
    return Desk(bench, reporter, resolver, finder, gathered)
