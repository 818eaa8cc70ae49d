"""The part that reports: evidence, contacts, drafts, outbox and its sender."""

from attrs import define, evolve, field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

import sc
from sc.abuse.answers import Answers
from sc.abuse.bootstrap_files import BootstrapFiles, Refresh
from sc.abuse.bounces import Bounces
from sc.abuse.case import Means
from sc.abuse.contact_memory import ContactMemory
from sc.abuse.contact_settings import ContactSettings
from sc.abuse.contact_sources import Outside, build_living_finder
from sc.abuse.drafts import Drafts
from sc.abuse.dry_run import PRUNE, DryRun
from sc.abuse.evidence import EvidenceSettings, gather
from sc.abuse.expansion import HOP_TIMEOUT, USER_AGENT, build_expander
from sc.abuse.feedback_loops import FeedbackLoops
from sc.abuse.lookup import Lookup
from sc.abuse.providers.couriers import build_couriers
from sc.abuse.report_id import OwnReports, ReportSeal
from sc.abuse.reporting import Reporter
from sc.abuse.requests import Requests
from sc.abuse.shorteners import Shorteners, hosts_to_follow
from sc.abuse.signer import Signer
from sc.abuse.signing_keys import doubts, read_keys
from sc.abuse.verp import return_paths
from sc.abuse.who import Answer, Who
from sc.attached.reader import AttachmentReader
from sc.config.schema import Config
from sc.flow import Outcome
from sc.model.evidence import Attached, Evidence
from sc.model.message import Message
from sc.model.report import Boundary
from sc.model.verdict import Verdict
from sc.net.fetcher import FetcherSettings, GuardedFetcher, Poster
from sc.net.resolver import DNSResolver
from sc.net.whois import GuardedWhois
from sc.outbox.sender import Sender
from sc.outbox.settings import DAY
from sc.service.doors import relay
from sc.service.foundation import Foundation

DRY_RUN = "dry-run"
"""Folder of the mails that a dry run writes."""

SOFTWARE = f"sc/{sc.__version__}"

_log = Logger("sc.abuse")


@frozen
class Grounds:
    """What stays over a reload."""

    base: Foundation
    resolver: DNSResolver
    files: BootstrapFiles
    memory: ContactMemory
    seal: ReportSeal
    dry_run: DryRun
    redaction_key: bytes = field(repr=False)
    signer: Signer


@define
class Reports:
    """
    @ivar sender: None while `abuse_report` is not configured: nothing can leave.
    @ivar stop_timeout: seconds that lookups under way have when we stop.
    @ivar pruning: of what dry runs leave behind.
    """

    grounds: Grounds
    reporter: Reporter
    sender: Sender | None
    own: OwnReports
    answers: Answers
    bounces: Bounces
    stop_timeout: float
    pruning: LoopingCall

    def unscannable(self, message: Message) -> Verdict | None:
        return self.own.unscannable(message)

    def after_scan(self, outcome: Outcome) -> None:
        """What `abuse_report.on` lists is reported; the scan's caller does not wait."""
        if self.reporter.means.settings.on.any:
            message, decision = outcome.message, outcome.decision
            Deferred.fromCoroutine(
                self.reporter.after_scan(message, outcome.direction, decision)
            )

    async def who(self, what: str) -> tuple[Answer, ...]:
        """
        The contacts for an address, a network or a host.

        @raise NoSuchHostError: it is none of them.
        """
        return await self.reporter.means.who.tell(what)

    async def mail(self, report_id: str) -> bytes | None:
        """The mail of a report that was sent, waits, or is a dry run's."""
        found = await self.grounds.base.outbox.mail(report_id)
        return found or await self.grounds.dry_run.mail(report_id)

    def start(self) -> None:
        """Send what waits, and take up requests that an earlier run left."""
        Deferred.fromCoroutine(self.grounds.base.gate.announce())
        self.pruning.start(PRUNE)
        if self.sender is not None:
            self.sender.startService()
        self.reporter.start()
        self.grounds.files.start()

    async def stop(self) -> None:
        if self.pruning.running:
            self.pruning.stop()
        await self.grounds.files.stop()
        await self.reporter.stop(self.stop_timeout)
        if self.sender is not None:
            await self.sender.stopService()

    def adopt(self, config: Config) -> None:
        """What a new configuration says about evidence, contacts and reports."""
        self.grounds.files.refresh = _refresh(config.contacts)
        self.grounds.base.gate.adopt(config.abuse_report.rules)
        self.reporter.means = _means(config, self.grounds)


def build_reports(config: Config, base: Foundation) -> Reports:
    """
    Nothing is looked up or sent yet.

    @raise SigningKeyError: a key for DKIM cannot be used.
    @raise StateDirError: a secret cannot be read or made.
    """
    settings, clock = config.abuse_report, base.around.reactor
    keys = read_keys(settings)
    for doubt in doubts(settings, keys):
        _log.warn("{doubt}", doubt=doubt)
    seal = ReportSeal(base.state.key("report.key"))
    paths = return_paths(settings.bounces, seal.key)
    resolver = DNSResolver(config.resolver, clock)
    fetcher = GuardedFetcher(clock, resolver, _fetching(config))
    folder = base.state.folder
    grounds = Grounds(
        base=base,
        resolver=resolver,
        memory=ContactMemory(config.contacts, base.cache, clock, base.around.random),
        files=BootstrapFiles(fetcher, clock, folder, _refresh(config.contacts)),
        seal=seal,
        dry_run=DryRun(base.state.path(DRY_RUN), clock, base.offload, base.maillog),
        redaction_key=base.state.key("redaction.key"),
        signer=Signer(keys),
    )
    answers = Answers(base.store, clock, base.desks)
    return Reports(
        grounds=grounds,
        reporter=Reporter(
            _means(config, grounds),
            Requests(base.store, base.node),
            clock,
            base.maillog,
            config.outbox.row_days * DAY,
        ),
        sender=_sender(config, base, fetcher),
        own=OwnReports(seal, tuple(config.scanners.by_name)),
        answers=answers,
        bounces=Bounces(
            outbox=base.outbox,
            answers=answers,
            desks=base.desks,
            seal=seal,
            paths=paths,
            clock=clock,
            offload=base.offload,
        ),
        stop_timeout=config.outbox.stop_timeout,
        pruning=grounds.dry_run.pruning(),
    )


def _means(config: Config, grounds: Grounds) -> Means:
    base = grounds.base
    clock = base.around.reactor
    resolver, fetching = grounds.resolver, _fetching(config)
    outside = Outside(
        hops=GuardedFetcher(clock, resolver, fetching),
        resolver=resolver,
        whois=GuardedWhois(clock, resolver, fetching.destinations, fetching.forbidden),
        clock=clock,
        random=base.around.random,
        bootstrap=grounds.files.bootstrap,
    )
    contacts = evolve(config.contacts, ttl=config.cache.expiration_time)
    own = config.policy.local_networks
    finder = build_living_finder(contacts, outside, own, grounds.memory, base.desks)
    reading = EvidenceSettings(
        ignored_link_hosts=config.ignored_link_hosts,
        local_networks=config.policy.local_networks,
    )

    def gathering(
        message: Message, boundary: Boundary, attached: tuple[Attached, ...]
    ) -> Evidence:
        return gather(message, boundary, reading, attached)

    loops = FeedbackLoops(grounds.resolver, base.offload)
    attached = AttachmentReader(config.attached_links, clock, clock, base.offload)

    return Means(
        settings=config.abuse_report,
        attached=attached.read,
        gather=gathering,
        boundary=config.trusted_boundary,
        lookup=Lookup(resolver, finder, clock),
        shorteners=_shorteners(config, grounds, fetching),
        who=Who(finder, resolver),
        drafts=_drafts(config, grounds),
        seal=grounds.seal,
        outbox=base.outbox,
        dry_run=grounds.dry_run,
        offload=base.offload,
        loops=loops if config.abuse_report.feedback_loops else None,
        desks=base.desks,
    )


def _drafts(config: Config, grounds: Grounds) -> Drafts:
    return Drafts(
        config.abuse_report,
        SOFTWARE,
        grounds.redaction_key,
        grounds.seal,
        grounds.base.new_id,
        grounds.signer,
        return_paths(config.abuse_report.bounces, grounds.seal.key),
    )


def _fetching(config: Config) -> FetcherSettings:
    # Registries ask for a contact in the name of a program that asks them much.
    address = config.abuse_report.address
    contact = f" (+{address})" if address else ""
    own = config.policy.local_networks + config.trusted_boundary.cidrs
    return FetcherSettings(
        config.resolver.destinations, user_agent=SOFTWARE + contact, forbidden=own
    )


def _shorteners(
    config: Config, grounds: Grounds, fetching: FetcherSettings
) -> Shorteners:
    """They are told nothing of us: their links' owners see who asks."""
    base, clock = grounds.base, grounds.base.around.reactor
    asking = evolve(
        fetching, user_agent=USER_AGENT, timeout=HOP_TIMEOUT, connect_timeout=2.0
    )
    web = GuardedFetcher(clock, grounds.resolver, asking)
    hosts = hosts_to_follow(config.url_shorteners_to_follow)
    expander = build_expander(web, hosts, clock, base.around.random)
    return Shorteners(expander, config.shorteners, base.offload, clock)


def _refresh(settings: ContactSettings) -> Refresh:
    return Refresh(settings.bootstrap_base, settings.bootstrap_refresh)


def _sender(config: Config, base: Foundation, poster: Poster) -> Sender | None:
    settings = config.abuse_report
    if not settings.configured or settings.smtp is None:
        return None
    client = relay(settings.smtp, base.hostname, base.around)
    clock = base.around.reactor
    return Sender(base.outbox, client, clock, build_couriers(settings, poster, clock))
