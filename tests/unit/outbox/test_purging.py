"""sc.outbox.purging: what is over goes by itself."""

from pathlib import Path

import pytest

from sc.model.report import ReportState as S
from sc.outbox import purging
from sc.outbox.purging import PURGE
from sc.outbox.settings import DAY
from sc.store.interface import StoreError
from tests.fakes.outbox import Bench, report


async def test_purges(tmp_path: Path) -> None:
    """Without anybody's asking, and without a relay."""
    bench = Bench.make(tmp_path / "store.db")
    await bench.outbox.add(report())
    await bench.outbox.cancel("r1")
    call = purging.purging(bench.outbox, bench.clock)
    call.start(PURGE)
    bench.clock.pump([PURGE] * 6 * 24 * 6)
    assert await bench.outbox.mail("r1")
    bench.clock.pump([PURGE] * 6 * 24)
    assert await bench.outbox.mail("r1") is None
    assert (await bench.outbox.get("r1")).state is S.CANCELLED
    bench.clock.advance(23 * DAY)
    assert await bench.outbox.list() == ()
    call.stop()
    await bench.store.close()


async def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again the next time."""
    bench = Bench.make(tmp_path / "store.db")
    asked: list[float] = []

    async def full() -> None:
        asked.append(bench.clock.seconds())
        raise StoreError("the disk is full")

    monkeypatch.setattr(bench.outbox, "purge", full)
    call = purging.purging(bench.outbox, bench.clock)
    call.start(PURGE)
    bench.clock.advance(PURGE)
    assert len(asked) == 2
    call.stop()
    await bench.store.close()
