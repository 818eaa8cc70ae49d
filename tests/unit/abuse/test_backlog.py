"""sc.abuse.backlog: what is committed is worked off, whatever happens meanwhile."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest_twisted
from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, LogEvent, Logger

from sc.abuse.backlog import CONCURRENCY, PAUSE, Backlog
from sc.abuse.requests import MAX_ATTEMPTS, Requests
from sc.model.message import Message
from sc.model.report import ReportRequest, ReportStatus
from sc.store.interface import StoreError
from tests.fakes.abuse import message
from tests.fakes.outbox import NOW, Bench

REQUEST = ReportRequest(send=True)


@define
class Work:
    """
    What is to be done; a test says when and how it ends.

    @ivar begun: ids, in order.
    @ivar hold: if set, each one waits for it.
    """

    begun: list[str] = field(factory=list)
    hold: "Deferred[None] | None" = None
    errors: list[Exception] = field(factory=list)

    async def __call__(
        self, message: Message, request: ReportRequest
    ) -> tuple[ReportStatus, ...]:
        self.begun.append(message.id)
        if self.errors:
            raise self.errors.pop(0)
        if self.hold is not None:
            waiting: Deferred[None] = Deferred()
            self.hold.chainDeferred(waiting)
            self.hold = Deferred()
            await waiting
        return ()


@define
class Setting:
    bench: Bench
    work: Work
    backlog: Backlog
    events: list[LogEvent]

    @classmethod
    def make(cls, bench: Bench) -> "Setting":
        work, events = Work(), list[LogEvent]()
        log = Logger(observer=cast(ILogObserver, events.append))
        backlog = Backlog(Requests(bench.store), work, bench.clock, log)
        return cls(bench, work, backlog, events)

    async def stop(self, timeout: float) -> None:
        stopping = Deferred.fromCoroutine(self.backlog.stop(timeout))
        self.bench.clock.advance(timeout)
        await stopping

    async def left(self) -> tuple[str, ...]:
        return await Requests(self.bench.store).ids(NOW)


@pytest_twisted.async_yield_fixture
async def setting(tmp_path: Path) -> AsyncIterator[Setting]:
    made = Setting.make(Bench.make(tmp_path / "store.db"))
    yield made
    await made.bench.store.close()


async def test_done(setting: Setting) -> None:
    """What is done is gone."""
    await setting.backlog.add(message(), REQUEST)
    assert setting.work.begun == ["m1"]
    assert await setting.left() == ()
    assert len(setting.backlog) == 0


async def test_a_few_at_a_time(setting: Setting) -> None:
    """Many requests are committed at once and worked off eight at a time."""
    first: Deferred[None] = Deferred()
    setting.work.hold = first
    names = [f"m{n:02}" for n in range(CONCURRENCY + 3)]
    for name in names:
        await setting.backlog.add(message(message_id=name), REQUEST)
    await setting.backlog.add(message(message_id=names[0]), REQUEST)
    assert setting.work.begun == names[:CONCURRENCY]
    assert len(setting.backlog) == len(names)
    setting.work.hold = None
    first.callback(None)
    assert setting.work.begun == names
    assert await setting.left() == tuple(names[1:CONCURRENCY])
    await setting.stop(0.0)


async def test_removed_meanwhile(setting: Setting) -> None:
    """A request that is gone when its turn comes is passed over."""
    setting.work.hold = first = Deferred[None]()
    for n in range(CONCURRENCY):
        await setting.backlog.add(message(message_id=f"x{n}"), REQUEST)
    await setting.backlog.add(message(), REQUEST)
    await Requests(setting.bench.store).remove("m1")
    first.callback(None)
    assert "m1" not in setting.work.begun
    assert len(setting.backlog) == CONCURRENCY - 1
    await setting.stop(0.0)


async def test_store_fails(setting: Setting) -> None:
    """While the outbox cannot write, a request waits, for as long as it takes."""
    setting.work.errors = [StoreError("disk full")] * (MAX_ATTEMPTS * 2)
    await setting.backlog.add(message(), REQUEST)
    for _ in range(MAX_ATTEMPTS * 2):
        assert await setting.left() == ("m1",)
        setting.bench.clock.advance(PAUSE)
    assert await setting.left() == ()
    assert len(setting.work.begun) == MAX_ATTEMPTS * 2 + 1


async def test_store_is_gone(setting: Setting) -> None:
    """Even if nothing can be written down any more, nothing breaks."""
    setting.work.errors = [StoreError("gone")]
    connection, setting.bench.store._connection = setting.bench.store._connection, None
    setting.backlog._enqueue("m1")
    assert len(setting.backlog) == 1
    setting.bench.store._connection = connection
    await setting.stop(0.0)
    assert [e["log_level"].name for e in setting.events] == ["error", "error"]


async def test_bug(setting: Setting) -> None:
    """A request that breaks us is given up after five times, and the log says so."""
    setting.work.errors = [ValueError("bug")] * 20
    await setting.backlog.add(message(), REQUEST)
    setting.bench.clock.pump([PAUSE] * 10)
    assert len(setting.work.begun) == MAX_ATTEMPTS
    assert await setting.left() == ()
    assert [e["log_level"].name for e in setting.events] == ["critical"] * 5 + ["error"]
    assert setting.bench.clock.getDelayedCalls() == []


async def test_resumed(setting: Setting) -> None:
    """What an earlier daemon left is taken up at the start."""
    await Requests(setting.bench.store).add(message(), REQUEST, 1.0)
    setting.backlog.start()
    assert setting.work.begun == ["m1"]
    assert await setting.left() == ()


async def test_resumed_when_the_store_is_back(setting: Setting) -> None:
    """If the store cannot be read at the start, it is tried again."""
    await Requests(setting.bench.store).add(message(), REQUEST, 1.0)
    connection, setting.bench.store._connection = setting.bench.store._connection, None
    setting.backlog.start()
    assert setting.work.begun == []
    setting.bench.store._connection = connection
    setting.bench.clock.advance(PAUSE)
    assert setting.work.begun == ["m1"]


async def test_stopped_while_resuming(setting: Setting) -> None:
    """A stop does not wait for a store that cannot be read."""
    connection, setting.bench.store._connection = setting.bench.store._connection, None
    setting.backlog.start()
    await setting.backlog.stop(10.0)
    setting.bench.store._connection = connection
    assert setting.bench.clock.getDelayedCalls() == []


async def test_stop_waits(setting: Setting) -> None:
    """A stop lets what is under way end, and begins nothing more."""
    hold: Deferred[None] = Deferred()
    setting.work.hold = hold
    await setting.backlog.add(message(), REQUEST)
    stopping = Deferred.fromCoroutine(setting.backlog.stop(10.0))
    await setting.backlog.add(message(message_id="m2"), REQUEST)
    assert not stopping.called
    hold.callback(None)
    await stopping
    assert setting.work.begun == ["m1"]
    assert await setting.left() == ("m2",)
    assert setting.bench.clock.getDelayedCalls() == []


async def test_cut_off(setting: Setting) -> None:
    """What does not end in time is cut off, and that does not count against it."""
    for _ in range(MAX_ATTEMPTS + 1):
        again = Setting.make(setting.bench)
        again.work.hold = Deferred()
        if not await again.left():
            await again.backlog.add(message(), REQUEST)
        again.backlog.start()
        assert again.work.begun == ["m1"]
        await again.stop(10.0)
        assert await again.left() == ("m1",)
