"""sc.history: the mail log's lines, kept for a while, never in a message's way."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogEvent, Logger, formatEvent

from sc.history import history
from sc.history.history import DAY, PAUSE, PURGE_AFTER, History
from sc.history.settings import HistorySettings
from sc.history.table import Line
from sc.store.interface import StoreError
from tests.fakes.outbox import inline_store


class Bench:
    """A history in a real store, with a clock of its own."""

    def __init__(self, place: str) -> None:
        self.clock = Clock()
        self.clock.advance(1000.0)
        self.store = inline_store(place)
        self.store.open()
        self.history = History(self.store, self.clock, HistorySettings())
        self.events: list[LogEvent] = []
        self.history._log = Logger("test", observer=self.events.append)  # type: ignore[arg-type]

    async def texts(self, message_id: str = "m1") -> list[str]:
        return [line.text for line in await self.history.of(message_id)]

    def rows(self) -> int:
        def work(cursor: Any) -> int:
            cursor.execute("SELECT COUNT(*) FROM history")
            return int(cursor.fetchone()[0])

        counted: list[int] = []
        Deferred.fromCoroutine(self.store.transact(work)).addCallback(counted.append)
        return counted[0]


@pytest_twisted.async_yield_fixture
async def bench(place: str) -> AsyncIterator[Bench]:
    made = Bench(place)
    yield made
    await made.store.close()


async def test_batches(bench: Bench) -> None:
    """One commit for a second's lines; they can be read before it."""
    for number in range(3):
        bench.history.keep("m1", f"line {number}")
        bench.clock.advance(0.1)
    bench.history.keep("m2", "another")
    assert bench.rows() == 0
    assert await bench.texts() == ["line 0", "line 1", "line 2"]
    bench.clock.advance(PAUSE)
    assert bench.rows() == 4
    assert await bench.texts() == ["line 0", "line 1", "line 2"]
    first = (await bench.history.of("m1"))[0]
    assert first == Line("m1", 1000.0, "line 0")
    bench.history.keep("m1", "later")
    bench.clock.advance(PAUSE)
    assert bench.rows() == 5


async def test_stop(bench: Bench) -> None:
    """What waits is written when the daemon stops; nothing is left to do."""
    await bench.history.stop()
    bench.history.keep("m1", "last words")
    await bench.history.stop()
    assert bench.rows() == 1
    assert not bench.clock.getDelayedCalls()


async def test_off(bench: Bench) -> None:
    """Who wants no history has none."""
    bench.history.settings = HistorySettings(days=0)
    bench.history.keep("m1", "line")
    await bench.history.stop()
    assert bench.rows() == 0


async def test_age(bench: Bench) -> None:
    """Old lines go when their time is over, also where no new ones come."""
    for number in range(6):
        bench.history.keep("m1", f"line {number}")
        bench.clock.advance(2 * DAY)
    bench.history.start()
    assert await bench.texts() == ["line 3", "line 4", "line 5"]
    bench.clock.pump([PURGE_AFTER] * 48)
    assert await bench.texts() == ["line 4", "line 5"]
    bench.history.settings = HistorySettings(days=0)
    bench.clock.advance(PURGE_AFTER)
    assert bench.rows() == 0
    await bench.history.stop()


async def test_age_on_a_full_disk(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be deleted now is looked at again."""

    async def full(_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(bench.store, "transact", full)
        bench.history.start()
    said = "old lines for `scctl explain` stay for now: the disk is full"
    assert [formatEvent(event) for event in bench.events] == [said]
    bench.clock.advance(PURGE_AFTER)
    assert len(bench.events) == 1
    await bench.history.stop()


async def test_number(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the day was."""
    bench.history.settings = HistorySettings(lines=1000)
    monkeypatch.setattr(history, "PURGE_EVERY", 100)
    for number in range(1500):
        bench.history.keep(f"m{number}", "line")
        bench.clock.advance(PAUSE)
    assert 1000 <= bench.rows() < 1100
    assert await bench.texts("m1499") == ["line"]
    assert await bench.texts("m0") == []


async def test_full_disk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that fails costs the lines, with a word about it, and nothing else."""

    async def full(_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(bench.store, "transact", full)
        bench.history.keep("m1", "lost")
        bench.clock.advance(PAUSE)
    bench.history.keep("m1", "kept")
    bench.clock.advance(PAUSE)
    assert await bench.texts() == ["kept"]
    (event,) = bench.events
    said = "1 lines are not kept for `scctl explain`: the disk is full"
    assert formatEvent(event) == said


async def test_slow_store(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a commit hangs, lines wait, up to a bound; stopping waits for it."""
    hanging: Deferred[None] = Deferred()
    real = bench.store.transact

    async def slow(work: Any) -> Any:
        await hanging
        return await real(work)

    monkeypatch.setattr(bench.store, "transact", slow)
    monkeypatch.setattr(history, "MAX_WAITING", 2)
    bench.history.keep("m1", "1")
    bench.clock.advance(PAUSE)
    for text in ("2", "3", "4"):
        bench.history.keep("m1", text)
    stopping = Deferred.fromCoroutine(bench.history.stop())
    assert not stopping.called
    hanging.callback(None)
    await stopping
    assert await bench.texts() == ["1", "2", "3"]
    assert not [c for c in bench.clock.getDelayedCalls() if c.active()]
    assert "1 lines are not kept" in str(formatEvent(bench.events[0]))
