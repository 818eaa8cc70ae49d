"""Reports of abuse: what flow asks for.

What is to be sent is committed first and goes on without its caller, who waits a
while and is told what is known then.
"""

from contextlib import suppress
from weakref import WeakValueDictionary

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeadlineError
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from sc.abuse.backlog import Backlog
from sc.abuse.case import Case, Means
from sc.abuse.keys import fingerprint
from sc.abuse.requests import Requests
from sc.maillog import MailLog
from sc.model.decision import Decision, Reason
from sc.model.envelope import Direction
from sc.model.message import Message
from sc.model.report import (
    ReportOutcome,
    ReportRequest,
    ReportStatus,
    SendingNotConfiguredError,
)
from sc.model.verdict import names_virus
from sc.outbox.bell import Bell
from sc.outbox.settings import DAY
from sc.outbox.table import NoSuchReportError
from sc.store.interface import StoreError

REPORTED = (Reason.SPAM, Reason.SUSPICIOUS, Reason.VIRUS)
"""What may report itself: not what could not be scanned, and no test pattern."""

POLL = 0.5
"""Seconds between two looks at a request that this or another node works on."""

TEST_VIRUS = "EICAR"
"""The symbol of a file that is no virus, and that everybody may send to test."""


class Reporter:
    """
    Implements `sc.flow.Reporting`.

    @ivar means: a reload replaces them; what has begun goes on with the old ones.

    @param keep: seconds for which idempotency keys are known.
    """

    _log = Logger("sc.abuse")

    def __init__(
        self,
        means: Means,
        requests: Requests,
        clock: IReactorTime,
        maillog: MailLog,
        keep: float = 30 * DAY,
    ) -> None:
        self.means = means
        self._maillog = maillog
        self._requests = requests
        self._clock = clock
        self._backlog = Backlog(requests, self._work_off, clock, self._log, keep)
        # Held by who waits for them, and by the work itself.
        self._cases: WeakValueDictionary[str, Case] = WeakValueDictionary()

    def start(self) -> None:
        """
        Take up what an earlier process left; the outbox must be ready. While nothing
        can be sent it stays committed.
        """
        if self.means.settings.configured:
            self._backlog.start()

    async def stop(self, timeout: float) -> None:
        """Return within about `timeout` seconds; what is left stays committed."""
        await self._backlog.stop(timeout)

    async def report(self, message: Message, request: ReportRequest) -> ReportOutcome:
        """
        Return when everything is known, or after `abuse_report.wait` seconds.

        @raise KeyReusedError: its key stands for another request.
        @raise SendingNotConfiguredError: asked to send, and cannot.
        @raise StoreError: asked to send, and it was not taken.
        """
        self._check(request)
        if not request.send:
            case = Case(message, request, self.means, self._bell())
            outcome = await self._answer(case, self.means.settings.wait)
            return await case.with_xarf(outcome, self._clock.seconds())
        wait = self.means.settings.wait
        deadline = self._clock.seconds() + wait
        told = await self._fingerprint(message, request)
        case = self._case(message, request)
        if await self._backlog.add(message, request, told) is not None:
            return await self._again(case, told, deadline)
        await case.done.heard(0, max(0.0, deadline - self._clock.seconds()))
        outcome = await self._told(case, deadline)
        return await case.with_xarf(outcome, self._clock.seconds())

    async def accept(self, message: Message, request: ReportRequest) -> None:
        """
        Return when message and request are committed.

        @raise SendingNotConfiguredError: asked to send, and cannot.
        @raise StoreError: it was not taken.
        """
        self._check(request)
        await self._backlog.add(message, request)

    async def after_scan(
        self, message: Message, direction: Direction, decision: Decision
    ) -> None:
        """
        Report what the operator listed in `abuse_report.on`. Never fails: the scan
        has its answer already.
        """
        if direction is not Direction.INBOUND or decision.reason not in REPORTED:
            return
        on = self.means.settings.on
        by_door = message.listener in on.listeners and decision.is_spam
        if not by_door and decision.action not in on.actions:
            return
        symbols = {symbol.name for symbol in decision.symbols}
        if TEST_VIRUS in symbols:
            return
        request = ReportRequest(
            send=True,
            caller=f"on:{message.listener}",
            infected=decision.reason is Reason.VIRUS or any(map(names_virus, symbols)),
        )
        try:
            await self.accept(message, request)
        except StoreError as e:
            self._log.error("{id} not reported: {e}", id=message.id, e=e)

    def _check(self, request: ReportRequest) -> None:
        if request.send and not self.means.settings.configured:
            raise SendingNotConfiguredError("abuse_report needs from and smtp")

    def _bell(self) -> Bell:
        return Bell(self._clock)

    def _case(self, message: Message, request: ReportRequest) -> Case:
        """The one that is under way, if there is one: two who ask share it."""
        case = self._cases.get(message.id)
        if case is None:
            case = Case(message, request, self.means, self._bell())
            self._cases[message.id] = case
        return case

    async def _answer(self, case: Case, seconds: float) -> ReportOutcome:
        """Without sending: what is not found in time is looked for no more."""
        work = Deferred.fromCoroutine(case.find())
        work.addTimeout(seconds, self._clock)
        try:
            await work
        except DeadlineError:
            return case.outcome()
        case.done.ring()
        return case.outcome()

    async def _fingerprint(self, message: Message, request: ReportRequest) -> str:
        """Of a request whose key counts: where nothing leaves, nothing can be twice."""
        if not request.key or request.dry_run:
            return ""
        size = len(message.content)
        return await self.means.offload(size, fingerprint, message, request)

    async def _again(self, case: Case, told: str, deadline: float) -> ReportOutcome:
        """The first request's reports, as they stand; no new ones are made."""
        left = max(0.0, deadline - self._clock.seconds())
        outcome = await self._answer(case, left)
        while True:
            taken = await self._requests.taken(case.request, told)
            reports = None if taken is None else taken.reports
            left = deadline - self._clock.seconds()
            if taken is None or reports is not None or left <= 0:
                break
            await deferLater(self._clock, min(POLL, left))
        found = evolve(outcome, reports=reports or (), complete=reports is not None)
        with suppress(NoSuchReportError):
            left = max(0.0, deadline - self._clock.seconds())
            found = evolve(found, reports=await self._now(found.reports, left))
        return await case.with_xarf(found, self._clock.seconds())

    async def _told(self, case: Case, deadline: float) -> ReportOutcome:
        """With sending: how far the reports are when the time is over."""
        outcome = case.outcome()
        left = max(0.0, deadline - self._clock.seconds())
        try:
            reports = await self._settled(outcome.reports, left)
        except StoreError as e:
            self._log.error("{id}: {e}", id=case.message.id, e=e)
            return outcome
        return evolve(outcome, reports=reports)

    async def _settled(
        self, added: tuple[ReportStatus, ...], left: float
    ) -> tuple[ReportStatus, ...]:
        if all(status.state.is_final for status in added):
            return added
        return await self._now(added, left)

    async def _now(
        self, added: tuple[ReportStatus, ...], left: float
    ) -> tuple[ReportStatus, ...]:
        """
        @raise NoSuchReportError: one is gone by now.
        """
        ids = [status.id for status in added]
        now = await self.means.outbox.wait(ids, left)
        pairs = zip(added, now, strict=True)
        return tuple(evolve(new, duplicate=old.duplicate) for old, new in pairs)

    async def _work_off(
        self, message: Message, request: ReportRequest
    ) -> tuple[ReportStatus, ...]:
        """
        The whole of one committed request. If it is cut off it is done again.

        @raise StoreError: the outbox took not all of it.
        """
        case = self._case(message, request)
        await case.find()
        if request.send:
            await case.send(self._clock.seconds())
            self._tell_silence(case)
        case.done.ring()
        return tuple(case.reports)

    def _tell_silence(self, case: Case) -> None:
        """A caller who has left cannot be told in the answer."""
        if case.silence:
            message, caller = case.message, case.request.caller
            self._maillog.not_reported(message.id, caller, case.silence)
