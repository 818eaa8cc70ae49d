"""Did it stop? What a desk was told about, and whether it is seen again."""

from collections.abc import AsyncIterator

import pytest
import pytest_twisted
from attrs import evolve

from sc.abuse.bounces.desks import SOURCES_KEPT
from sc.model.report import ReportState
from sc.store.interface import StoreError
from tests.fakes.outbox import NOW, Bench, report

DESK = "Abuse@net.example"
GRACE = 43_200.0


@pytest_twisted.async_yield_fixture
async def bench(place: str) -> AsyncIterator[Bench]:
    made = Bench.make(place)
    yield made
    await made.store.close()


async def told(bench: Bench, state: ReportState = ReportState.SENT) -> str:
    """A report has left, and what it is about is remembered."""
    key = f"key{bench.clock.seconds()}"
    status = await bench.outbox.add(report(key, DESK))
    await bench.outbox.begin(status.id)
    await bench.outbox.end(status.id, state, "250 ok")
    await tell(bench, status.id)
    return status.id


async def tell(bench: Bench, report_id: str, seen: float | None = None) -> None:
    when = bench.clock.seconds() if seen is None else seen
    await bench.desks.told(report_id, DESK, ("192.0.2.7", "shop.example"), when)


async def recurrences(bench: Bench) -> int:
    (desk,) = await bench.desks.list(10)
    assert desk.address == "abuse@net.example"
    return desk.recurrences


async def test_seen_again(bench: Bench) -> None:
    """After the grace, each source counts, once in a grace."""
    await told(bench)
    bench.clock.advance(GRACE - 1)
    await tell(bench, "r2")
    assert await recurrences(bench) == 0
    bench.clock.advance(1)
    await tell(bench, "r3")
    assert await recurrences(bench) == 2
    await tell(bench, "r4")
    bench.clock.advance(GRACE - 1)
    await tell(bench, "r4")
    assert await recurrences(bench) == 2


async def test_old_mail(bench: Bench) -> None:
    """Mail that arrived before the report, and is reported after it, proves nothing."""
    await told(bench)
    bench.clock.advance(10 * GRACE)
    await tell(bench, "r2", NOW - 5)
    await tell(bench, "r2", NOW + GRACE - 1)
    assert await recurrences(bench) == 0
    await tell(bench, "r2", NOW + 1e9)  # a clock that runs ahead
    assert await recurrences(bench) == 2


@pytest.mark.parametrize("state", [ReportState.FAILED, ReportState.UNCERTAIN])
async def test_not_told(bench: Bench, state: ReportState) -> None:
    """A desk that never heard of it could not act."""
    await told(bench, state)
    bench.clock.advance(2 * GRACE)
    await told(bench)
    assert await recurrences(bench) == 0
    bench.clock.advance(2 * GRACE)
    await told(bench)
    assert await recurrences(bench) == 2


async def test_forgotten(bench: Bench) -> None:
    """After three months it is another story."""
    await told(bench)
    bench.clock.advance(SOURCES_KEPT + 1)
    await told(bench)
    assert await recurrences(bench) == 0


async def test_list(bench: Bench) -> None:
    """The latest first, within a limit."""
    await told(bench)
    assert await bench.desks.list(0) == ()
    assert await bench.desks.dead([]) == {}


async def test_provider(bench: Bench) -> None:
    """What a provider takes is no mail, and counts for no desk."""
    entry = await bench.outbox.get(await told(bench))
    other = evolve(entry, contact="cloudflare", route="cloudflare")
    await bench.store.transact(lambda cursor: bench.desks.settled(cursor, other))
    (desk,) = await bench.desks.list(10)
    assert desk.sent == 1


async def test_closed_store(bench: Bench) -> None:
    """While nobody knows who is dead, nobody is."""
    await bench.store.close()
    assert await bench.desks.dead([DESK]) == {}
    with pytest.raises(StoreError):
        await bench.desks.told("r1", DESK, ("192.0.2.7",), 0.0)
