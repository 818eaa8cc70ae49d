"""sc.outbox.outbox: nothing is lost, nothing goes twice by itself."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
import pytest_twisted
from attrs import evolve
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.task import Clock

from sc.maillog import MailLog
from sc.model.report import ReportState as S
from sc.outbox import table
from sc.outbox.entry import NewReport
from sc.outbox.outbox import Outbox
from sc.outbox.settings import DAY, OutboxSettings
from sc.outbox.states import TRANSITIONS, TransitionError
from sc.outbox.table import NoSuchReportError
from sc.store.choose import choose_store
from sc.store.interface import StoreError
from sc.store.settings import StoreSettings
from tests.fakes.outbox import NOW, Bench, report


@pytest_twisted.async_yield_fixture
async def bench(place: str) -> AsyncIterator[Bench]:
    made = Bench.make(place)
    yield made
    await made.store.close()


async def put(bench: Bench, *states: S, key: str = "key") -> str:
    """A report that has gone through these states."""
    report_id = (await bench.outbox.add(report(key))).id
    for state in states:
        if state is S.SENDING:
            await bench.outbox.begin(report_id)
        elif state is S.CANCELLED:
            await bench.outbox.cancel(report_id)
        else:
            await bench.outbox.end(report_id, state, f"told {state.value}")
    return report_id


async def test_added(bench: Bench) -> None:
    """A report that is taken can be seen, and is due at once."""
    status = await bench.outbox.add(report())
    assert (status.id, status.contact) == ("r1", "abuse@net.example")
    assert (status.state, status.duplicate) == (S.QUEUED, False)
    entry = await bench.outbox.get("r1")
    assert entry.status() == status
    assert (entry.created, entry.mail_message_id) == (NOW, "<1@example.org>")
    (claimed,) = await bench.outbox.claim(10)
    assert evolve(claimed, claimed=None) == entry
    assert await bench.outbox.mail("r1") == report().mail


async def test_own_id(bench: Bench) -> None:
    """A mail that carries its id keeps it."""
    assert (await bench.outbox.add(evolve(report(), id="mine"))).id == "mine"


async def test_repeated(bench: Bench) -> None:
    """The same evidence to the same desk is not sent again within 30 days."""
    await put(bench, S.SENDING, S.SENT)
    bench.clock.advance(30 * DAY - 1)
    again = await bench.outbox.add(report())
    assert (again.id, again.state, again.duplicate) == ("r1", S.SENT, True)
    assert len(await bench.outbox.list()) == 1
    bench.clock.advance(2)
    assert not (await bench.outbox.add(report())).duplicate


async def test_two_at_once(place: str) -> None:
    """Requests for the same report at once, at two nodes, make one."""
    threads = cast(IReactorFromThreads, reactor)
    names = iter(range(20))
    stores, outboxes = [], []
    for _ in range(2):
        store = choose_store(StoreSettings(place), Path(), threads)
        store.open()
        stores.append(store)
        outboxes.append(
            Outbox(
                store, Clock(), lambda: str(next(names)), OutboxSettings(), MailLog()
            )
        )
    adding = [Deferred.fromCoroutine(outboxes[n % 2].add(report())) for n in range(16)]
    statuses = await gatherResults(adding, consumeErrors=True)
    assert len({status.id for status in statuses}) == 1
    assert [status.duplicate for status in statuses].count(False) == 1
    for store in stores:
        await store.close()


async def test_unknown(bench: Bench) -> None:
    """An id that is none is told."""
    for asking in (bench.outbox.get, bench.outbox.retry, bench.outbox.cancel):
        with pytest.raises(NoSuchReportError, match="no report nothing"):
            await asking("nothing")
    assert await bench.outbox.mail("nothing") is None


async def test_listed(bench: Bench) -> None:
    """The latest come first; a state picks some of them."""
    for number in range(3):
        await put(bench, *([S.CANCELLED] if number == 1 else []), key=str(number))
        bench.clock.advance(1)
    outbox = bench.outbox
    assert [entry.id for entry in await outbox.list()] == ["r3", "r2", "r1"]
    assert [entry.id for entry in await outbox.list(S.CANCELLED)] == ["r2"]
    assert [entry.id for entry in await outbox.list(limit=1)] == ["r3"]
    assert await outbox.list(limit=-1) == ()


@pytest.mark.parametrize(
    "states",
    [
        (S.DEFERRED,),
        (S.SENDING, S.UNCERTAIN),
        (S.FAILED,),
        (S.CANCELLED,),
        (S.SENDING, S.DEFERRED, S.CANCELLED),
    ],
)
async def test_retried(bench: Bench, states: tuple[S, ...]) -> None:
    """What was not sent can be told to go once more, as the same mail."""
    report_id = await put(bench, *states)
    bench.clock.advance(100)
    assert (await bench.outbox.retry(report_id)).state is S.QUEUED
    (entry,) = await bench.outbox.claim(10)
    assert (entry.attempts, entry.queued, entry.created) == (0, NOW + 100, NOW)
    assert entry.mail_message_id == "<1@example.org>"


@pytest.mark.parametrize("states", [(), (S.SENDING,), (S.SENDING, S.SENT)])
async def test_not_retried(bench: Bench, states: tuple[S, ...]) -> None:
    """What is on its way, or was sent, is not sent a second time."""
    report_id = await put(bench, *states)
    with pytest.raises(TransitionError, match="cannot become queued"):
        await bench.outbox.retry(report_id)


@pytest.mark.parametrize("states", [(S.SENDING,), (S.SENDING, S.SENT), (S.FAILED,)])
async def test_not_cancelled(bench: Bench, states: tuple[S, ...]) -> None:
    """What has left, or is leaving, cannot be held back."""
    report_id = await put(bench, *states)
    with pytest.raises(TransitionError, match="cannot become cancelled"):
        await bench.outbox.cancel(report_id)


async def test_cancelled_before_the_dot(bench: Bench) -> None:
    """A report that was cancelled cannot begin any more."""
    report_id = await put(bench, S.CANCELLED)
    assert await bench.outbox.claim(10) == ()
    with pytest.raises(TransitionError):
        await bench.outbox.begin(report_id)


async def test_begun_once(bench: Bench) -> None:
    """Of two who want to send it, one may."""
    report_id = await put(bench, S.SENDING)
    with pytest.raises(TransitionError, match="sending cannot become sending"):
        await bench.outbox.begin(report_id)


async def test_changed_elsewhere(bench: Bench) -> None:
    """Where two nodes share a store, the slower one finds that it is too late."""
    report_id = await put(bench)
    seen = await bench.outbox.get(report_id)
    await bench.outbox.begin(report_id)
    with pytest.raises(TransitionError, match="meanwhile"):
        await bench.store.transact(
            lambda cursor: table.move(cursor, seen, evolve(seen, state=S.SENDING))
        )


async def test_backoff(bench: Bench) -> None:
    """Each delay is longer, the last one repeats, and there is an end."""
    report_id = await put(bench)
    waited = []
    while (await bench.outbox.get(report_id)).state is not S.FAILED:
        await bench.outbox.end(report_id, S.DEFERRED, "451 later")
        if (wait := await bench.outbox.next_due()) is not None:
            waited.append(wait)
            assert await bench.outbox.claim(10) == ()
            bench.clock.advance(wait)
            assert len(await bench.outbox.claim(10)) == 1
    assert waited[:6] == [60.0, 300.0, 900.0, 3600.0, 10800.0, 10800.0]
    assert sum(waited) <= 2 * DAY < sum(waited) + 10800.0
    reason = (await bench.outbox.get(report_id)).reason
    assert reason == f"given up after {len(waited) + 1} attempts: 451 later"


async def test_clock_set_back(bench: Bench) -> None:
    """A clock that was far ahead does not hold a report back for years."""
    await put(bench, S.DEFERRED)
    other = Clock()
    other.advance(NOW - 365 * DAY)
    outbox = Outbox(bench.store, other, str, OutboxSettings(), MailLog())
    assert len(await outbox.claim(10)) == 1


async def test_after_a_crash(bench: Bench) -> None:
    """What was on its way when the daemon died is uncertain, and waits for a person."""
    report_id = await put(bench, S.SENDING)
    waiting = await put(bench, key="other")
    await bench.store.close()
    again = Bench.make(bench.place)
    await again.outbox.recover()
    entry = await again.outbox.get(report_id)
    assert (entry.state, entry.next_attempt) == (S.UNCERTAIN, None)
    assert [due.id for due in await again.outbox.claim(10)] == [waiting]
    assert (await again.outbox.retry(report_id)).state is S.QUEUED
    await again.store.close()


@pytest.mark.parametrize(
    "last", [(S.SENDING, S.SENT), (S.FAILED,), (S.CANCELLED,), (S.SENDING, S.FAILED)]
)
async def test_purged(bench: Bench, last: tuple[S, ...]) -> None:
    """A mail goes 7 days after the last state, its report 30 days after it."""
    report_id = await put(bench, *last)
    bench.clock.advance(7 * DAY - 1)
    await bench.outbox.purge()
    assert await bench.outbox.mail(report_id)
    bench.clock.advance(1)
    await bench.outbox.purge()
    assert await bench.outbox.mail(report_id) is None
    with pytest.raises(TransitionError):
        await bench.outbox.retry(report_id)
    bench.clock.advance(23 * DAY)
    await bench.outbox.purge()
    assert await bench.outbox.list() == ()


async def test_waiting_is_kept(bench: Bench) -> None:
    """What may still be sent is not deleted; an uncertain one ends after 30 days."""
    for number, states in enumerate([(), (S.DEFERRED,), (S.SENDING, S.UNCERTAIN)]):
        await put(bench, *states, key=str(number))
    bench.clock.advance(30 * DAY)
    await bench.outbox.purge()
    states_now = [entry.state for entry in await bench.outbox.list()]
    assert states_now == [S.QUEUED, S.DEFERRED, S.FAILED]
    assert await bench.outbox.mail("r3")


async def test_wait(bench: Bench) -> None:
    """A caller learns what became of its reports as soon as all are settled."""
    first, second = await put(bench, key="1"), await put(bench, key="2")
    waiting = Deferred.fromCoroutine(bench.outbox.wait([first, second], 10.0))
    await bench.outbox.begin(first)
    await bench.outbox.end(first, S.SENT, "250 ok")
    assert not waiting.called
    await bench.outbox.end(second, S.DEFERRED, "451 later")
    statuses = await waiting
    assert [status.state for status in statuses] == [S.SENT, S.DEFERRED]
    assert bench.clock.getDelayedCalls() == []


async def test_wait_no_longer(bench: Bench) -> None:
    """When the time is over the caller learns how far they are."""
    report_id = await put(bench)
    waiting = Deferred.fromCoroutine(bench.outbox.wait([report_id], 10.0))
    bench.clock.advance(10.0)
    (status,) = await waiting
    assert status.state is S.QUEUED
    assert await bench.outbox.wait([], 10.0) == ()
    assert (await bench.outbox.wait([report_id], 0.0))[0].state is S.QUEUED


async def test_waiter_leaves(bench: Bench) -> None:
    """A caller who leaves takes its timer along and disturbs nobody."""
    report_id = await put(bench)
    waiting = Deferred.fromCoroutine(bench.outbox.wait([report_id], 10.0))
    waiting.cancel()
    with pytest.raises(CancelledError):
        await waiting
    await bench.outbox.cancel(report_id)
    assert bench.clock.getDelayedCalls() == []


async def test_not_taken(bench: Bench) -> None:
    """When it cannot be committed the caller is told."""
    await bench.store.close()
    with pytest.raises(StoreError):
        await bench.outbox.add(report())


async def test_logged(bench: Bench) -> None:
    """Each state is a line for the operator; a repeat is none."""
    lines: list[tuple[str, str]] = []
    bench.outbox._maillog = MailLog(keep=lambda *line: lines.append(line))
    await put(bench, S.SENDING, S.SENT)
    await bench.outbox.add(report())
    expected = ["queued", "sending", "sent"]
    start = "report id=r1 message=m1 contact=abuse@net.example evidence=relay_192.0.2.1"
    assert [(m, line.partition(" reason=")[0]) for m, line in lines] == [
        ("m1", f"{start} state={state}") for state in expected
    ]


def test_every_state_has_its_rules() -> None:
    """No state is forgotten, and what has been sent can only bounce."""
    assert set(TRANSITIONS) == set(S)
    assert TRANSITIONS[S.SENT] == {S.BOUNCED}
    assert all(
        S.SENT not in after
        for s, after in TRANSITIONS.items()
        if s not in (S.SENDING, S.UNCERTAIN)
    )


@pytest.mark.parametrize("address", ["a@b\r\nDATA", "a b@c", "", "ä@b"])
def test_contact_that_is_no_address(address: str) -> None:
    """An address with a line end in it never comes into the outbox."""
    with pytest.raises(ValueError, match=r"address|recipient"):
        NewReport("k", "c", "m", "", address, b"", "<1@x>")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"retry_delays": ()}, "at least one"),
        ({"retry_delays": (5.0, 0.0)}, "above 0"),
        ({"row_days": 29.0}, "suppress_days"),
        ({"row_days": 5.0, "suppress_days": 1.0}, "body_days"),
    ],
)
def test_bad_settings(options: dict[str, object], text: str) -> None:
    """Settings that contradict each other are told."""
    with pytest.raises(ValueError, match=text):
        OutboxSettings(**options)  # type: ignore[arg-type]  # the point of the test
