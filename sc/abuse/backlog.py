"""Works off the committed requests: a few at a time, each until it is done."""

from collections import deque
from collections.abc import Awaitable, Callable

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from sc.abuse.keys import Taken
from sc.abuse.requests import GivenUpError, Requests
from sc.model.message import Message
from sc.model.report import ReportRequest, ReportStatus
from sc.outbox.settings import DAY
from sc.store.interface import StoreError

CONCURRENCY = 20
"""Requests under way; the others wait on the disk, not in memory."""

PAUSE = 30.0
"""Seconds before a request that failed is begun again."""

LOOK = 60.0
"""Seconds between two looks for requests that a dead node left."""


@define(eq=False)
class Backlog:
    """
    Nobody who waits for a request can cancel it.

    @ivar work: everything about one request; if it fails, it is called again.
    @ivar keep: seconds for which idempotency keys are known.
    """

    _requests: Requests
    _work: Callable[[Message, ReportRequest], Awaitable[tuple[ReportStatus, ...]]]
    _clock: IReactorTime
    _log: Logger = field(factory=Logger)
    _keep: float = 30 * DAY
    _waiting: deque[str] = field(factory=deque)
    _running: dict[str, Deferred[None]] = field(factory=dict)
    _looking: Deferred[None] | None = None
    _stopped: bool = False
    _cut_off: list[str] = field(factory=list)

    def __len__(self) -> int:
        """Requests that wait or are under way in this process."""
        return len(self._waiting) + len(self._running)

    async def add(
        self, message: Message, request: ReportRequest, told: str = ""
    ) -> Taken | None:
        """
        Return when it is committed; the work begins at once, or when there is room.

        @param told: the fingerprint of a request with a key; see `Requests.add`.
        @raise KeyReusedError: its key stands for another request.
        @raise StoreError: it was not taken.
        """
        now = self._clock.seconds()
        taken = await self._requests.add(message, request, now, told)
        if taken is None:
            self._enqueue(message.id)
        return taken

    def start(self) -> None:
        """Take up what an earlier process left, and what other nodes will leave."""
        self._looking = Deferred.fromCoroutine(self._look())

    async def stop(self, timeout: float) -> None:
        """
        Begin nothing more; after `timeout` seconds cut off what is under way. It is
        on the disk, and the next start takes it up.
        """
        self._stopped = True
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            await looking
        self._waiting.clear()
        running = gatherResults(self._running.values(), consumeErrors=True)
        running.addTimeout(timeout, self._clock)
        await running
        for request_id in self._cut_off:
            await self._put_back(request_id)

    async def _look(self) -> None:
        try:
            while True:
                pause = LOOK
                try:
                    now = self._clock.seconds()
                    await self._requests.purge(now - self._keep)
                    ids = await self._requests.ids(now)
                    known = {*self._waiting, *self._running}
                    self._waiting.extend(i for i in ids if i not in known)
                    self._fill()
                except StoreError as e:
                    self._log.error("requests to report cannot be read: {e}", e=e)
                    pause = PAUSE
                await deferLater(self._clock, pause)
        except CancelledError:
            pass  # stop

    def _enqueue(self, request_id: str) -> None:
        if request_id not in self._waiting and request_id not in self._running:
            self._waiting.append(request_id)
            self._fill()

    def _fill(self) -> None:
        while self._waiting and len(self._running) < CONCURRENCY and not self._stopped:
            request_id = self._waiting.popleft()
            running = Deferred.fromCoroutine(self._run(request_id))
            if not running.called:
                self._running[request_id] = running
                running.addBoth(self._end, request_id)

    def _end(self, _: object, request_id: str) -> None:
        del self._running[request_id]
        self._fill()

    async def _run(self, request_id: str) -> None:
        """Ends when it is done, given up, or cut off."""
        try:
            while not await self._attempt(request_id):
                await deferLater(self._clock, PAUSE)
        except CancelledError:
            self._cut_off.append(request_id)  # stop

    async def _put_back(self, request_id: str) -> None:
        try:
            await self._requests.put_back(request_id)
        except StoreError as e:
            self._log.error("report of {id}: {e}", id=request_id, e=e)

    async def _attempt(self, request_id: str) -> bool:
        """Whether nothing is left to do."""
        try:
            begun = await self._requests.begin(request_id, self._clock.seconds())
            if begun is not None:
                reports = await self._work(*begun)
                await self._requests.remove(request_id, reports)
        except CancelledError:
            raise
        except GivenUpError as e:
            self._log.error("report of {id} given up: {e}", id=request_id, e=e)
        except StoreError as e:
            self._log.error("report of {id} waits: {e}", id=request_id, e=e)
            await self._put_back(request_id)
            return False
        except Exception:  # noqa: BLE001 our bug must not stop the other requests
            self._log.failure("report of {id} failed", id=request_id)
            return False
        return True
