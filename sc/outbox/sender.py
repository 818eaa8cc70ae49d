"""Takes due reports from the outbox to the relay, and writes down how it went."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Protocol, TypeVar

from attrs import frozen
from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from sc.model.report import ReportState
from sc.net.relay import BeforeDot, Delivery, RelayError
from sc.outbox.entry import BY_MAIL, Entry
from sc.outbox.outbox import Outbox
from sc.outbox.states import TransitionError
from sc.store.interface import StoreError
from sc.wire.smtp import Reply
from sc.wire.smtp_dsn import Dsn, Notify, RecipientDsn, Return, original_recipient
from sc.wire.smtp_replies import one_line

LOOK = 60.0
"""
Seconds between two looks when nothing rings: another node may have left something, or
the clock may have been set.
"""

REASON = 500
"""Characters of a relay's answer that are kept."""

T = TypeVar("T")

STORE_PAUSE = 30.0
"""Seconds before a store that failed is asked again."""


class Deliverer(Protocol):
    """What `sc.net.relay.Relay` does."""

    async def deliver(
        self, delivery: Delivery, before_dot: BeforeDot | None = None
    ) -> tuple[Reply, ...]: ...


@frozen
class Ending:
    """
    How an attempt ended.

    @ivar after: seconds before which a deferred report is not wanted again.
    """

    state: ReportState
    reason: str
    after: float = 0.0


class Courier(Protocol):
    """Takes reports away by another route than mail."""

    async def carry(self, entry: Entry, body: bytes, begin: BeforeDot) -> Ending:
        """
        @param begin: awaited before anything leaves that could be acted upon.
        @raise StoreError, TransitionError: those of `begin`: nothing has left.
        """
        ...


NO_COURIERS: Mapping[str, Courier] = MappingProxyType({})


class Sender(Service):
    """
    One loop that looks for work, and up to `concurrency` attempts beside it.

    @ivar couriers: by the route of a report; a reload replaces them.
    """

    _log = Logger("sc.outbox")

    def __init__(
        self,
        outbox: Outbox,
        relay: Deliverer,
        clock: IReactorTime,
        couriers: Mapping[str, Courier] = NO_COURIERS,
    ) -> None:
        self.couriers = couriers
        self._outbox = outbox
        self._relay = relay
        self._clock = clock
        self._attempts: dict[str, Deferred[None]] = {}
        self._loop: Deferred[None] | None = None

    def startService(self) -> None:
        super().startService()
        self._loop = Deferred.fromCoroutine(self._run())

    def stopService(self) -> Deferred[None]:
        """Let the attempts under way end; after `stop_timeout` cut them off."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.cancel()
            await loop
        # The timeout cancels the attempts, and then waits until they are gone. Where
        # a dot was sent the row says "sending": the next start sees it.
        under_way = gatherResults(self._attempts.values(), consumeErrors=True)
        under_way.addTimeout(self._outbox.settings.stop_timeout, self._clock)
        await under_way

    async def _run(self) -> None:
        try:
            await self._until_stored(self._outbox.recover)
            while True:
                rings = self._outbox.work.rings
                wait = await self._until_stored(self._look)
                await self._outbox.work.heard(rings, wait)
        except CancelledError:
            pass  # stopService

    async def _look(self) -> float:
        """Start what is due; return the seconds until the next look."""
        limit = self._outbox.settings.concurrency
        for entry in await self._outbox.claim(limit + len(self._attempts)):
            if entry.id not in self._attempts and len(self._attempts) < limit:
                self._start(entry)
        next_due = await self._outbox.next_due()
        return LOOK if next_due is None else min(LOOK, next_due)

    def _start(self, entry: Entry) -> None:
        attempt = Deferred.fromCoroutine(self._attempt(entry))
        if not attempt.called:
            self._attempts[entry.id] = attempt

    async def _attempt(self, entry: Entry) -> None:
        try:
            if not await self._outbox.admit(entry.id):
                return
            ending = await self._carry(entry)
            reason = ending.reason[:REASON]
            await self._until_stored(
                partial(self._outbox.end, entry.id, ending.state, reason, ending.after)
            )
        except CancelledError:
            pass  # stopService
        except TransitionError as e:
            self._log.info("report {id} not sent: {e}", id=entry.id, e=e)
        except StoreError as e:
            await self._pause(e)
        finally:
            self._attempts.pop(entry.id, None)
            self._outbox.work.ring()

    async def _carry(self, entry: Entry) -> Ending:
        """
        @raise StoreError, TransitionError: not sent, and nothing is to be written.
        """
        mail = await self._outbox.mail(entry.id)
        if mail is None:
            return Ending(ReportState.FAILED, "its mail has been deleted")
        begin = partial(self._outbox.begin, entry.id)
        try:
            if entry.route in BY_MAIL:
                return await self._deliver(_delivery(entry, mail), begin)
            courier = self.couriers.get(entry.route)
            if courier is None:
                reason = f"{entry.route} is off: switch it on, then retry"
                return Ending(ReportState.FAILED, reason)
            return await courier.carry(entry, mail, begin)
        except StoreError as e:
            # Perhaps it was written down, and only the answer got lost: say again
            # that the dot was not sent.
            reason = f"the store failed before the dot: {e}"
            return Ending(ReportState.DEFERRED, reason)
        except (CancelledError, TransitionError):
            raise
        except Exception:  # noqa: BLE001 our bug must not send the same mail for ever
            self._log.failure("report {id} cannot be sent", id=entry.id)
            began = (await self._outbox.get(entry.id)).state is ReportState.SENDING
            state = ReportState.UNCERTAIN if began else ReportState.FAILED
            return Ending(state, "internal error")

    async def _deliver(self, delivery: Delivery, begin: BeforeDot) -> Ending:
        try:
            (reply,) = await self._relay.deliver(delivery, begin)
        except RelayError as e:
            state = ReportState.UNCERTAIN if e.uncertain else ReportState.DEFERRED
            return Ending(state, f"relay: {e}")
        return Ending(_state(reply), one_line(reply))

    async def _until_stored(self, work: Callable[[], Awaitable[T]]) -> T:
        """A full disk must not lose what we know: again until it is written down."""
        while True:
            try:
                return await work()
            except StoreError as e:
                await self._pause(e)

    async def _pause(self, error: StoreError) -> None:
        self._log.error("the outbox's store failed: {error}", error=error)
        await deferLater(self._clock, STORE_PAUSE)


def _delivery(entry: Entry, mail: bytes) -> Delivery:
    # A bounce should name the report, bring back no evidence about strangers, and not
    # come for a mere delay: the relay's queue is its own matter.
    desk = RecipientDsn((Notify.FAILURE,), original_recipient(entry.rcpt_to))
    dsn = Dsn(entry.id, Return.HEADERS, (desk,))
    return Delivery(entry.mail_from, (entry.rcpt_to,), b"", mail, dsn=dsn)


def _state(reply: Reply) -> ReportState:
    if reply.is_positive:
        return ReportState.SENT
    return ReportState.DEFERRED if reply.is_transient else ReportState.FAILED
