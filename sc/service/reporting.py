"""The part that reports: evidence, contacts, drafts, outbox and its sender."""

from collections.abc import Mapping

from attrs import define, evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from sc.abuse.bounces.answers import Answers
from sc.abuse.bounces.bounces import Bounces
from sc.abuse.bounces.verp import return_paths
from sc.abuse.case import Means
from sc.abuse.contacts.bootstrap_files import BootstrapFiles
from sc.abuse.contacts.feedback_loops import FeedbackLoops
from sc.abuse.contacts.lookup import Finder, Lookup
from sc.abuse.contacts.memory import ContactMemory
from sc.abuse.contacts.who import Answer, Who
from sc.abuse.evidence import EvidenceSettings, gather
from sc.abuse.providers.couriers import build_couriers
from sc.abuse.reporting import Reporter
from sc.abuse.reports.drafts import Drafts
from sc.abuse.reports.dry_run import PRUNE, DryRun
from sc.abuse.reports.report_id import OwnReports, ReportSeal
from sc.abuse.reports.signer import Signer
from sc.abuse.reports.signing_keys import doubts, read_keys
from sc.abuse.requests import Requests
from sc.attached.reader import AttachmentReader
from sc.config.schema import Config
from sc.flow import Outcome
from sc.model.evidence import Attached, Evidence
from sc.model.message import Message
from sc.model.report import Boundary
from sc.model.verdict import Verdict
from sc.net.fetcher import GuardedFetcher
from sc.net.resolver import Destinations
from sc.outbox.entry import WEBHOOK
from sc.outbox.purging import PURGE, purging
from sc.outbox.sender import Courier, Sender
from sc.outbox.settings import DAY
from sc.outbox.webhook import WebhookCourier
from sc.service.asking import (
    SOFTWARE,
    build_finder,
    build_shorteners,
    fetching,
    refresh,
)
from sc.service.doors import relay
from sc.service.foundation import Foundation
from sc.service.grounds import Grounds

DRY_RUN = "dry-run"
"""Folder of the mails that a dry run writes."""

_log = Logger("sc.abuse")


@define
class Reports:
    """
    @ivar finder: knows the desk of an address; a reload makes another one.
    @ivar sender: None while `abuse_report` is not configured: nothing can leave.
    @ivar stop_timeout: seconds that lookups under way have when we stop.
    @ivar purging: of the outbox, which may hold mail while nothing can be sent.
    @ivar pruning: of what dry runs leave behind.
    """

    grounds: Grounds
    finder: Finder
    reporter: Reporter
    sender: Sender | None
    own: OwnReports
    answers: Answers
    bounces: Bounces
    stop_timeout: float
    purging: LoopingCall
    pruning: LoopingCall

    def unscannable(self, message: Message) -> Verdict | None:
        return self.own.unscannable(message)

    def after_scan(self, outcome: Outcome) -> None:
        """What `abuse_report.on` lists is reported; the scan's caller does not wait."""
        if self.reporter.means.settings.on.any and not outcome.observed:
            message, decision = outcome.message, outcome.decision
            Deferred.fromCoroutine(
                self.reporter.after_scan(message, outcome.direction, decision)
            )

    async def who(self, what: str) -> tuple[Answer, ...]:
        """
        The contacts for an address, a network or a host.

        @raise NoSuchHostError: it is none of them.
        """
        return await Who(self.finder, self.grounds.resolver).tell(what)

    async def mail(self, report_id: str) -> bytes | None:
        """The mail of a report that was sent, waits, or is a dry run's."""
        found = await self.grounds.base.outbox.mail(report_id)
        return found or await self.grounds.dry_run.mail(report_id)

    def start(self) -> None:
        """Send what waits, and take up requests that an earlier run left."""
        Deferred.fromCoroutine(self.grounds.base.gate.announce())
        self.purging.start(PURGE)
        self.pruning.start(PRUNE)
        if self.sender is not None:
            self.sender.startService()
        self.reporter.start()
        self.grounds.files.start()

    async def stop(self) -> None:
        for call in (self.purging, self.pruning):
            if call.running:
                call.stop()
        await self.grounds.files.stop()
        await self.reporter.stop(self.stop_timeout)
        if self.sender is not None:
            await self.sender.stopService()

    def adopt(self, config: Config) -> None:
        """What a new configuration says about evidence, contacts and reports."""
        self.grounds.files.refresh = refresh(config.contacts)
        self.grounds.base.gate.adopt(config.abuse_report.rules)
        self.finder = build_finder(config, self.grounds)
        self.reporter.means = _means(config, self.grounds, self.finder)
        if self.sender is not None:
            self.sender.couriers = _couriers(config, self.grounds)


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
    fetcher = GuardedFetcher(clock, base.resolver, fetching(config))
    folder = base.state.folder
    grounds = Grounds(
        base=base,
        resolver=base.resolver,
        memory=ContactMemory(config.contacts, base.cache, clock, base.around.random),
        files=BootstrapFiles(fetcher, clock, folder, refresh(config.contacts)),
        seal=seal,
        dry_run=DryRun(base.state.path(DRY_RUN), clock, base.offload, base.maillog),
        redaction_key=base.state.key("redaction.key"),
        signer=Signer(keys),
    )
    answers = Answers(base.store, clock, base.desks)
    finder = build_finder(config, grounds)
    return Reports(
        grounds=grounds,
        finder=finder,
        reporter=Reporter(
            _means(config, grounds, finder),
            Requests(base.store, base.node),
            clock,
            base.maillog,
            config.outbox.row_days * DAY,
        ),
        sender=_sender(config, grounds),
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
        purging=purging(base.outbox, clock),
        pruning=grounds.dry_run.pruning(),
    )


def _means(config: Config, grounds: Grounds, finder: Finder) -> Means:
    base = grounds.base
    clock = base.around.reactor
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
        lookup=Lookup(grounds.resolver, finder, clock),
        shorteners=build_shorteners(config, grounds),
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


def _sender(config: Config, grounds: Grounds) -> Sender | None:
    settings, base = config.abuse_report, grounds.base
    if not settings.configured or settings.smtp is None:
        return None
    client = relay(settings.smtp, base.hostname, base.around)
    couriers = _couriers(config, grounds)
    return Sender(base.outbox, client, base.around.reactor, couriers)


def _couriers(config: Config, grounds: Grounds) -> Mapping[str, Courier]:
    clock = grounds.base.around.reactor
    poster = GuardedFetcher(clock, grounds.resolver, fetching(config))
    couriers = build_couriers(config.abuse_report, poster, clock)
    return {**couriers, **_webhook(config, grounds)}


def _webhook(config: Config, grounds: Grounds) -> Mapping[str, Courier]:
    """Where the operator allows it, it may lead to our own networks."""
    webhook, where = config.outbreak.webhook, fetching(config)
    if not webhook.url:
        return {}
    if webhook.private:
        where = evolve(where, destinations=Destinations.ANY, forbidden=())
    poster = GuardedFetcher(grounds.base.around.reactor, grounds.resolver, where)
    return {WEBHOOK: WebhookCourier(webhook.url, webhook.token_file, poster)}
