"""The daemon's parts, wired: each gets what it needs and nothing else."""

from collections.abc import Mapping

from attrs import define, field
from twisted.internet.defer import Deferred, gatherResults

from sc.access import Access
from sc.config.schema import Config
from sc.explain import Explainer
from sc.flow import Flow, Outcome
from sc.listeners.crowd import ListenerService
from sc.listeners.http.door import Questions
from sc.model.decision import Mode
from sc.model.status import ScannerStatus
from sc.scan.complaining import Complaining
from sc.scan.greylist import Greylister
from sc.scan.list_files import ListFiles
from sc.scan.lists import AllowedSenders, Lists
from sc.scan.reasons import DENIED
from sc.service.changes import adopted
from sc.service.doors import Behind, open_door
from sc.service.foundation import Foundation, lay
from sc.service.own_users import OwnUsers, build_own_users, is_refused
from sc.service.reporting import Reports, build_reports
from sc.service.scanning import Scanning, build_scanning
from sc.service.scrape import Scrape
from sc.service.surroundings import Surroundings
from sc.service.tokens import with_admin
from sc.store.state_dir import StateDir


@define
class Parts:
    """
    Everything that lives, in the hands of the daemon.

    @ivar started: the first probes have ended; until then we are not ready.
    """

    base: Foundation
    access: Access
    scanning: Scanning
    reports: Reports
    lists: ListFiles
    own_users: OwnUsers
    flow: Flow
    doors: Mapping[str, ListenerService] = field(factory=dict)
    started: bool = False

    async def start(self) -> None:
        """The doors are open already; scans wait for the first probes."""
        self.base.timers.start()
        self.base.pool.start()
        self.base.history.start()
        self.base.loop_delay.start()
        self.lists.start()
        for door in self.doors.values():
            door.startService()
        self.reports.start()
        self.own_users.outbreak.start()
        await self.scanning.watch.start()
        self.started = True

    async def stop(self) -> None:
        """From the doors inwards, so that what is inside can still be finished."""
        closing = [door.stopService() for door in self.doors.values()]
        await gatherResults(closing, consumeErrors=True)
        self.lists.stop()
        await self.own_users.outbreak.stop()
        await self.reports.stop()
        await self.scanning.stop()
        await self.base.close()

    def statuses(self) -> tuple[ScannerStatus, ...]:
        return self.scanning.watch.statuses()

    def connections(self) -> Mapping[str, int]:
        return {name: door.connections for name, door in self.doors.items()}

    def after_scan(self, outcome: Outcome) -> None:
        self.reports.after_scan(outcome)
        self.own_users.after_scan(outcome)

    def ask(self, config: Config) -> None:
        """Who is asked before a scan, and before an answer."""
        clock, held = self.base.around.reactor, self.lists.held
        listed = Lists(clock, held, is_refused(config.policy, DENIED))
        self.flow.before_scan = (listed, *self.own_users.before_scan)
        self.flow.listed = listed.of_recipient
        senders = AllowedSenders(clock, held)
        greylist = _greylister(config, self.base)
        self.flow.before_answer = (senders, *greylist)

    def why_not_ready(self) -> tuple[str, ...]:
        return () if self.started else ("the first probe of the scanners runs",)

    def adopt(self, old: Config, new: Config) -> Config:
        """Use what a running daemon can use; returns what it now runs with."""
        config = adopted(old, new)
        retired, self.scanning = self.scanning, build_scanning(config, self.base)
        self.flow.pipeline = self.scanning.pipeline
        self.flow.policy = self.scanning.policy
        self.own_users.adopt(config, self.base)
        self.access.settings = with_admin(config.access, self.base.token)
        self.reports.adopt(config)
        self.base.history.settings = config.history
        self.lists.adopt(config.lists)
        self.ask(config)
        Deferred.fromCoroutine(retired.stop())
        Deferred.fromCoroutine(self.scanning.watch.start())
        return config


def _greylister(config: Config, base: Foundation) -> tuple[Greylister, ...]:
    if not config.greylist.enabled:
        return ()
    doors = (name for name, it in config.listeners.items() if it.faces_strangers)
    clock = base.around.reactor
    return (Greylister(config.greylist, frozenset(doors), base.cache, clock),)


def build(config: Config, around: Surroundings, state: StateDir) -> Parts:
    """
    Make everything; nothing listens, and nothing was sent or asked.

    @raise ListFileError: a list cannot be read.
    @raise SigningKeyError: a key for DKIM cannot be used.
    @raise StateDirError: the secrets of the state folder cannot be used.
    """
    base = lay(config, around, state)
    scanning, reports = build_scanning(config, base), build_reports(config, base)
    own_users = build_own_users(config, base)
    lists = ListFiles(config.lists, around.reactor, base.offload)
    lists.load()
    flow = Flow(
        clock=around.reactor,
        new_id=base.new_id,
        pipeline=scanning.pipeline,
        policy=scanning.policy,
        reporting=reports.reporter,
        maillog=base.maillog,
        metrics=base.metrics,
        unscannable=reports.unscannable,
        observing=_observing(config),
    )
    access = Access(with_admin(config.access, base.token))
    parts = Parts(base, access, scanning, reports, lists, own_users, flow)
    flow.after_scan = parts.after_scan
    parts.ask(config)
    scrape = Scrape(base.metrics, base.outbox, parts.statuses, parts.connections)
    behind = Behind(
        flow=flow,
        access=access,
        outbox=base.outbox,
        gate=base.gate,
        questions=Questions(
            reports.who,
            Explainer(base.store, base.history).explain,
            reports.mail,
            lists.about,
        ),
        answers=reports.answers,
        bounces=reports.bounces,
        feedback=Complaining(
            own_users.outbreak, base.history, base.cache, base.offload
        ),
        desks=base.desks,
        incidents=own_users.outbreak,
        offload=base.offload,
        statuses=parts.statuses,
        readiness=parts.why_not_ready,
        metrics=scrape.text,
        hostname=base.hostname,
        quarantine_address=config.policy.quarantine_address,
        spool_dir=str(state.folder),
    )
    parts.doors = {
        name: open_door(name, listener, behind, around)
        for name, listener in config.listeners.items()
        if listener.enabled
    }
    return parts


def _observing(config: Config) -> frozenset[str]:
    return frozenset(
        name
        for name, listener in config.listeners.items()
        if listener.settings.mode is Mode.OBSERVE
    )
