"""sc.abuse.keys: a request that is repeated with its key is taken once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_twisted
from attrs import evolve
from twisted.internet.defer import Deferred, gatherResults

from sc.abuse.requests import MAX_ATTEMPTS, GivenUpError, Requests
from sc.model.evidence import Evidence
from sc.model.report import KeyReusedError, ReportOutcome, ReportRequest
from sc.model.report import ReportState as S
from sc.outbox.settings import DAY
from tests.fakes.abuse import Desk, desk, link, message, relay
from tests.fakes.outbox import NOW, Bench

EVIDENCE = Evidence("f" * 64, (relay(),), (link(),))
SEND = ReportRequest(send=True, caller="test", key="k1")


@pytest_twisted.async_yield_fixture
async def here(tmp_path: Path, place: str) -> AsyncIterator[Desk]:
    made = desk(tmp_path / "store.db", EVIDENCE, place=place)
    yield made
    await made.stop(0.0)
    await made.bench.store.close()


async def asked(here: Desk, name: str, request: ReportRequest = SEND) -> ReportOutcome:
    waiting = Deferred.fromCoroutine(
        here.reporter.report(message(message_id=name), request)
    )
    here.clock.advance(11.0)
    return await waiting


async def test_repeated(here: Desk) -> None:
    """The same again: where the first one's reports stand now, and no new mail."""
    first = await asked(here, "m1")
    await here.bench.outbox.begin("r1")
    await here.bench.outbox.end("r1", S.SENT, "250 ok")
    again = await asked(here, "m2")
    assert [r.id for r in again.reports] == [r.id for r in first.reports]
    assert [r.state for r in again.reports] == [S.SENT, S.QUEUED]
    assert all(r.duplicate for r in again.reports)
    assert again.complete
    assert again.complaints == first.complaints
    assert len(await here.bench.outbox.list()) == 2
    await here.bench.outbox.begin("r2")
    await here.bench.outbox.end("r2", S.SENT, "250 ok")
    await here.bench.outbox.bounced("r2", "550 nobody there")
    later = await asked(here, "m3")
    assert [r.state for r in later.reports] == [S.SENT, S.BOUNCED]


async def test_other_contacts_by_now(here: Desk) -> None:
    """Even if another desk were found today: what was asked for was done."""
    await asked(here, "m1")
    here.finder.desks["192.0.2.7"] = "abuse@other.example"
    again = await asked(here, "m2")
    assert {r.contact for r in again.reports} == {
        "abuse@net.example",
        "abuse@hosting.example",
    }
    assert len(await here.bench.outbox.list()) == 2


async def test_another_request(here: Desk) -> None:
    """A key that stands for another message, or is another caller's, is no repeat."""
    await asked(here, "m1")
    with pytest.raises(KeyReusedError):
        await here.reporter.report(message(b"A: other\r\n\r\n", "m2"), SEND)
    other = await asked(here, "m3", evolve(SEND, caller="other"))
    assert all(r.duplicate for r in other.reports)


async def test_while_it_is_under_way(here: Desk) -> None:
    """A caller that asks again too early waits for the first request's reports."""
    found: Deferred[None] = Deferred()
    here.finder.hanging["192.0.2.7"] = found
    asking = [
        Deferred.fromCoroutine(here.reporter.report(message(message_id=name), SEND))
        for name in ("m1", "m2")
    ]
    here.clock.advance(5.0)
    assert not asking[1].called
    here.finder.hanging.clear()
    found.callback(None)
    here.clock.pump([0.5] * 12)
    first, second = await gatherResults(asking, consumeErrors=True)
    assert [r.id for r in second.reports] == [r.id for r in first.reports]
    assert len(await here.bench.outbox.list()) == 2


async def test_nothing_leaves(here: Desk) -> None:
    """A dry run takes no key: it may be followed by the same request in earnest."""
    await asked(here, "m1", evolve(SEND, dry_run=True))
    assert not any(r.duplicate for r in (await asked(here, "m2")).reports)


async def test_on_two_nodes(place: str) -> None:
    """Two nodes that get the same at once take it once; given up, it is forgotten."""
    benches = [Bench.make(place, node=name) for name in "ab"]
    a, b = (Requests(bench.store, name) for bench, name in zip(benches, "ab"))  # noqa: B905 two and two
    assert await a.add(message(), SEND, NOW, "told") is None
    taken = await b.add(message(message_id="m2"), SEND, NOW, "told")
    assert taken is not None
    assert taken.reports is None
    assert await b.ids(NOW) == ()
    for _ in range(MAX_ATTEMPTS):
        assert await a.begin("m1", NOW)
    with pytest.raises(GivenUpError):
        await a.begin("m1", NOW)
    assert await b.taken(SEND, "told") is None
    for bench in benches:
        await bench.store.close()


async def test_kept(here: Desk) -> None:
    """A key is known as long as its reports' rows."""
    await asked(here, "m1")
    requests = Requests(here.bench.store)
    await requests.purge(NOW - 1)
    assert await asked(here, "m2")
    here.clock.advance(30 * DAY)
    here.reporter.start()
    assert not any(r.duplicate for r in (await asked(here, "m3")).reports)
