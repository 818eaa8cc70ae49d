"""sc.outbox.rates and digests: how much leaves for one desk, and for all."""

from collections.abc import AsyncIterator

import pytest
import pytest_twisted
from attrs import evolve
from twisted.internet.task import Clock

from sc.maillog import MailLog
from sc.model.report import ReportState as S
from sc.outbox.digests import MAX_LINES
from sc.outbox.outbox import Outbox
from sc.outbox.rates import ALL, DESK
from sc.outbox.rules import DAY, HOUR, RateLimits, Rules
from sc.outbox.settings import OutboxSettings
from sc.outbox.states import TransitionError
from tests.fakes.outbox import NOW, Bench, incident

TWO = Rules(RateLimits(contact_hour=2, contact_day=3, hour=4, day=5))


@pytest_twisted.async_yield_fixture
async def bench(place: str) -> AsyncIterator[Bench]:
    made = Bench.make(place)
    made.outbox.rules = TWO
    yield made
    await made.store.close()


async def leave(bench: Bench) -> list[str]:
    """Send what may leave now, as the sender would."""
    left = []
    for entry in await bench.outbox.claim(100):
        if await bench.outbox.admit(entry.id):
            await bench.outbox.begin(entry.id)
            await bench.outbox.end(entry.id, S.SENT, "250 ok")
            left.append(entry.id)
    return left


async def test_an_hour(bench: Bench) -> None:
    """Two mails an hour to a desk: the third waits until the first is an hour old."""
    for number in range(3):
        await bench.outbox.add(incident(number, source=f"192.0.2.{number}"))
        bench.clock.advance(60.0)
    assert await leave(bench) == ["r1", "r2"]
    entry = await bench.outbox.get("r3")
    assert (entry.state, entry.reason, entry.attempts) == (S.QUEUED, DESK, 0)
    assert await bench.outbox.claim(100) == ()
    bench.clock.advance(HOUR - 1)
    assert await leave(bench) == []
    bench.clock.advance(1)
    assert await leave(bench) == ["r3"]


async def test_a_day(bench: Bench) -> None:
    """Three mails a day to a desk: a fourth goes when the day is over."""
    for number in range(4):
        await bench.outbox.add(incident(number, source=f"192.0.2.{number}"))
    left = []
    for _ in range(26):
        left.append(await leave(bench))
        bench.clock.advance(HOUR)
    assert left[:2] == [["r1", "r2"], ["r3"]]
    assert left[2:24] == [[]] * 22
    assert left[24] == ["r4"]


async def test_other_desks_go_on(bench: Bench) -> None:
    """One desk's flood does not hold back another's report, up to the rate for all."""
    for number in range(3):
        await bench.outbox.add(incident(number, source=f"192.0.2.{number}"))
    for number in range(3, 6):
        await bench.outbox.add(incident(number, contact=f"abuse@{number}.example"))
    assert await leave(bench) == ["r1", "r2", "r4", "r5"]
    assert (await bench.outbox.get("r6")).reason == ALL
    bench.clock.advance(HOUR)
    assert await leave(bench) == ["r3"]
    bench.clock.advance(HOUR)
    assert await leave(bench) == []


async def test_the_case_of_a_mailbox(bench: Bench) -> None:
    """Two spellings of one mailbox have one rate."""
    for number, desk in enumerate(["abuse@n.example", "Abuse@N.example"] * 2):
        await bench.outbox.add(incident(number, str(number), desk))
    assert len(await leave(bench)) == 2


async def test_answered_at_once(bench: Bench) -> None:
    """Who asks for a report that must wait its turn is told so, and does not wait."""
    for number in range(2):
        await bench.outbox.add(incident(number))
    await leave(bench)
    status = await bench.outbox.add(incident(9))
    assert (status.state, status.reason) == (S.QUEUED, DESK)
    (now,) = await bench.outbox.wait(["r3"], 10.0)
    assert (now.state, now.reason) == (S.QUEUED, DESK)


async def test_restart(bench: Bench) -> None:
    """A restart does not begin to count anew."""
    for number in range(2):
        await bench.outbox.add(incident(number))
    await leave(bench)
    await bench.store.close()
    again = Bench.make(bench.place, prefix="again-")
    again.outbox.rules = TWO
    await again.outbox.add(incident(2))
    assert await leave(again) == []
    await again.store.close()


async def test_two_nodes(bench: Bench) -> None:
    """Two nodes that share a store share the rates."""
    other = Bench.make(bench.place, prefix="other-")
    other.outbox.rules = TWO
    for number, node in enumerate([bench, other, bench, other]):
        await node.outbox.add(incident(number, source=str(number)))
    first, second, third, fourth = [e.id for e in await bench.outbox.claim(10)]
    assert await bench.outbox.admit(first)
    assert await other.outbox.admit(second)
    assert not await bench.outbox.admit(third)
    assert not await other.outbox.admit(fourth)
    await other.store.close()


async def test_what_did_not_leave_does_not_count(bench: Bench) -> None:
    """While the relay is away no rate is used up, nor exceeded when it is back."""
    for number in range(4):
        await bench.outbox.add(incident(number, source=str(number)))
        (entry,) = [e for e in await bench.outbox.claim(9) if e.attempts == 0]
        assert await bench.outbox.admit(entry.id)
        await bench.outbox.end(entry.id, S.DEFERRED, "relay: refused")
    bench.clock.advance(60.0)
    assert len(await leave(bench)) == 2
    assert [e.state for e in await bench.outbox.list(S.DEFERRED)] == [S.DEFERRED] * 2


async def test_waiting_takes_no_time_from_the_attempts(bench: Bench) -> None:
    """A report whose turn comes late is tried for as long as any other."""
    await bench.outbox.add(incident(1))
    bench.clock.advance(5 * DAY)
    assert await bench.outbox.admit("r1")
    await bench.outbox.begin("r1")
    await bench.outbox.end("r1", S.DEFERRED, "451 later")
    assert (await bench.outbox.get("r1")).state is S.DEFERRED


async def test_they_come_back_one_by_one(bench: Bench) -> None:
    """Those that wait are given times at the pace at which they may leave."""
    for number in range(7):
        await bench.outbox.add(incident(number, source=str(number)))
    await leave(bench)
    waiting = sorted(
        entry.next_attempt - NOW
        for entry in await bench.outbox.list(S.QUEUED)
        if entry.next_attempt
    )
    assert len(waiting) == 5
    assert waiting[0] == HOUR
    assert await bench.outbox.next_due() == HOUR


async def test_digest(bench: Bench) -> None:
    """Above the rate, what comes about a source that waits goes in one mail with it."""
    for number in range(6):
        await bench.outbox.add(incident(number))
        if number < 2:
            await leave(bench)
    entries = [await bench.outbox.get(f"r{number}") for number in range(3, 7)]
    assert [entry.carrier for entry in entries] == [None, "r3", "r3", "r3"]
    assert entries[3].reason == "in the digest r3"
    mail = await bench.outbox.mail("r3")
    assert mail == b"r3 4\r\nincident 2\r\nincident 3\r\nincident 4\r\n5\r\n"
    assert await bench.outbox.mail("r4") is None
    bench.clock.advance(HOUR)
    assert await leave(bench) == ["r3"]
    states = {entry.state for entry in await bench.outbox.list()}
    assert states == {S.SENT}
    again = await bench.outbox.add(incident(5))
    assert (again.id, again.state, again.duplicate) == ("r6", S.SENT, True)


async def test_a_burst_becomes_a_digest(bench: Bench) -> None:
    """Those that wait count: a burst is merged before the first has left."""
    for number in range(10):
        await bench.outbox.add(incident(number))
    carried = [entry.carrier for entry in await bench.outbox.list()]
    assert carried.count(None) == 2
    assert await leave(bench) == ["r1", "r2"]


@pytest.mark.parametrize(
    "other", [{"source": "192.0.2.9"}, {"contact": "noc@net.example"}, {"source": ""}]
)
async def test_not_merged(bench: Bench, other: dict[str, str]) -> None:
    """Another source, another desk, and what cannot be merged stand alone."""
    rules = Rules(RateLimits(contact_hour=1, hour=1))
    bench.outbox.rules = rules
    await bench.outbox.add(incident(1))
    await bench.outbox.add(evolve(incident(2), digest=None))
    await bench.outbox.add(incident(3, **other))
    assert {entry.carrier for entry in await bench.outbox.list()} == {None}


async def test_what_was_tried_is_not_written_anew(bench: Bench) -> None:
    """A mail that the relay may have seen stays as it is."""
    bench.outbox.rules = Rules(RateLimits(contact_hour=1))
    await bench.outbox.add(incident(1))
    assert await bench.outbox.admit("r1")
    assert (await bench.outbox.add(incident(2))).id == "r2"
    assert (await bench.outbox.get("r2")).carrier is None


async def test_a_long_digest(bench: Bench) -> None:
    """A digest lists the latest and counts all."""
    bench.outbox.rules = Rules(RateLimits(contact_hour=1))
    for number in range(MAX_LINES + 11):
        await bench.outbox.add(incident(number))
        bench.clock.advance(1.0)
    lines = (await bench.outbox.mail("r1") or b"").decode().splitlines()
    assert lines[0] == f"r1 {MAX_LINES + 11}"
    assert lines[1:3] == ["incident 10", "incident 11"]
    assert len(lines) == MAX_LINES + 2


@pytest.mark.parametrize(
    ("state", "shared"),
    [(S.FAILED, S.FAILED), (S.DEFERRED, S.QUEUED), (S.UNCERTAIN, S.QUEUED)],
)
async def test_shares_its_end(bench: Bench, state: S, shared: S) -> None:
    """What is part of a digest ends as it does, and is queued until then."""
    bench.outbox.rules = Rules(RateLimits(contact_hour=1))
    for number in (1, 2):
        await bench.outbox.add(incident(number))
    assert await bench.outbox.admit("r1")
    await bench.outbox.begin("r1")
    await bench.outbox.end("r1", state, "told")
    entry = await bench.outbox.get("r2")
    assert entry.state is shared
    assert entry.next_attempt is None
    await bench.outbox.retry("r1") if state is not S.DEFERRED else None
    assert (await bench.outbox.get("r2")).state is S.QUEUED
    await bench.outbox.cancel("r1")
    assert (await bench.outbox.get("r2")).state is S.CANCELLED


async def test_part_of_a_digest(bench: Bench) -> None:
    """Who wants to retry or cancel a part is told the name of the whole."""
    bench.outbox.rules = Rules(RateLimits(contact_hour=1))
    for number in (1, 2):
        await bench.outbox.add(incident(number))
    for verb in (bench.outbox.cancel, bench.outbox.retry):
        with pytest.raises(TransitionError, match="part of the report r1"):
            await verb("r2")
    bench.clock.advance(30 * DAY)
    await bench.outbox.purge()
    assert len(await bench.outbox.list()) == 2


async def at(bench: Bench, time: float) -> Outbox:
    """The same outbox, on a clock that shows another time."""
    clock = Clock()
    clock.advance(time)
    outbox = Outbox(
        bench.store, clock, iter("xyz").__next__, OutboxSettings(), MailLog()
    )
    outbox.rules = TWO
    return outbox


@pytest.mark.parametrize("years", [1, -1])
async def test_a_clock_that_jumps(bench: Bench, years: int) -> None:
    """A year forward or back: the next mails leave, at their rate, and so again after
    the way back."""
    for number in range(2):
        await bench.outbox.add(incident(number, source=str(number)))
    await leave(bench)
    jumped = await at(bench, NOW + years * 365 * DAY)
    await jumped.purge()
    status = await jumped.add(incident(7, source="7"))
    assert status.state is S.QUEUED
    for entry in await jumped.claim(9):
        await jumped.admit(entry.id)
    back = await at(bench, NOW + 3 * HOUR)
    await back.purge()
    for entry in await back.claim(9):
        assert await back.admit(entry.id)
    latest = max(entry.changed for entry in await back.list())
    assert latest <= NOW + 4 * HOUR


async def test_suppression_after_a_jump(bench: Bench) -> None:
    """A clock that was a year ahead does not suppress a repeat for a year."""
    ahead = await at(bench, NOW + 365 * DAY)
    first = await ahead.add(incident(1))
    await bench.outbox.purge()
    assert (await bench.outbox.add(incident(1))).id == first.id
    bench.clock.advance(31 * DAY)
    assert (await bench.outbox.add(incident(1))).id != first.id


async def test_a_second_back(bench: Bench) -> None:
    """A clock that is corrected by a second does not open the gate."""
    for number in range(2):
        await bench.outbox.add(incident(number, source=str(number)))
    await leave(bench)
    back = await at(bench, NOW - 1)
    status = await back.add(incident(7, source="7"))
    assert status.reason == DESK
