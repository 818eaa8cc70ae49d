"""sc.outbox.gate: the switch, and the desks that wait for the operator."""

from collections.abc import AsyncIterator

import pytest
import pytest_twisted
from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs, formatEvent

from sc.model.report import ReportState as S
from sc.outbox.rules import RateLimits, Rules
from sc.outbox.sender import Sender
from sc.outbox.states import TransitionError
from sc.outbox.stop import BY_OPERATOR, Stop
from sc.outbox.table import NoSuchReportError
from tests.fakes.deliverer import FakeDeliverer
from tests.fakes.outbox import NOW, Bench, incident, report

DESK = "abuse@net.example"
HELD = "held, the first report to this desk: scctl outbox approve {} (or reject)"


@pytest_twisted.async_yield_fixture
async def bench(place: str) -> AsyncIterator[Bench]:
    made = Bench.make(place)
    yield made
    await made.store.close()


async def sent(bench: Bench, report_id: str) -> None:
    assert await bench.outbox.admit(report_id)
    await bench.outbox.begin(report_id)
    await bench.outbox.end(report_id, S.SENT, "250 ok")


async def test_stopped(bench: Bench) -> None:
    """Nothing is due, and who asks is told at once why; after the start it goes."""
    assert await bench.gate.stopped() == Stop()
    await bench.outbox.add(report())
    assert await bench.gate.stop() == Stop(BY_OPERATOR, NOW)
    bench.clock.advance(60.0)
    assert await bench.gate.stop() == Stop(BY_OPERATOR, NOW)
    status = await bench.outbox.add(report("other"))
    assert (status.state, status.reason) == (S.QUEUED, f"sending is {BY_OPERATOR}")
    (now,) = await bench.outbox.wait([status.id], 10.0)
    assert now == status
    assert await bench.outbox.claim(10) == ()
    assert await bench.gate.start() == Stop()
    assert len(await bench.outbox.claim(10)) == 2
    assert (await bench.outbox.wait([status.id], 0.0))[0].reason == ""


async def test_stopped_before_the_dot(bench: Bench) -> None:
    """When the stop is told no dot follows, however far an attempt has come."""
    await bench.outbox.add(report())
    assert await bench.outbox.admit("r1")
    await bench.gate.stop()
    for step in (bench.outbox.begin, bench.outbox.admit):
        with pytest.raises(TransitionError, match="sending is stopped"):
            await step("r1")
    assert (await bench.outbox.get("r1")).state is S.QUEUED


async def test_provider_approved(bench: Bench) -> None:
    """A provider has a name and no address; it is known while something is held."""
    with pytest.raises(NoSuchReportError):
        await bench.gate.approve("spamcop")
    bench.gate.adopt(Rules(hold_new_desks=True))
    new = evolve(report(), contact="spamcop")
    await bench.outbox.add(new)
    answered = await bench.gate.approve("spamcop")
    assert (answered.desk, len(answered.reports)) == ("spamcop", 1)
    assert [entry.id for entry in await bench.outbox.claim(10)] == ["r1"]


async def test_stop_survives(bench: Bench) -> None:
    """A restart, and another node, know of it."""
    await bench.gate.stop()
    await bench.store.close()
    again = Bench.make(bench.place)
    assert (await again.gate.stopped()).since == NOW
    await again.store.close()


async def test_stopped_by_the_file(bench: Bench) -> None:
    """What the configuration says stands whatever the operator says at run time."""
    gate = bench.gate
    gate.adopt(Rules(stopped="stopped: by the file"))
    assert await gate.start() == Stop("stopped: by the file")
    assert await gate.stop() == Stop(BY_OPERATOR, NOW)
    await gate.start()
    rings = bench.outbox.work.rings
    gate.adopt(Rules())
    assert bench.outbox.work.rings > rings
    assert await gate.stopped() == Stop()


async def test_told(bench: Bench) -> None:
    """The log says that nothing leaves: at the start, and at each switch."""
    with capturedLogs() as events:
        await bench.gate.announce()
        await bench.gate.stop()
        await bench.gate.announce()
        await bench.gate.start()
        bench.gate.adopt(Rules(stopped="stopped: by the file"))
        bench.gate.adopt(Rules(stopped="stopped: by the file"))
    lines = [formatEvent(event) for event in events]
    nothing = "nothing leaves: {}; reports are kept"
    assert lines == [
        nothing.format(BY_OPERATOR),
        nothing.format(BY_OPERATOR),
        "reports leave again",
        nothing.format("stopped: by the file"),
    ]
    await bench.store.close()
    await bench.gate.announce()


async def test_sender_stops_and_goes_on(bench: Bench) -> None:
    """The sender leaves the relay alone while it is stopped; nothing is lost."""
    relay = FakeDeliverer()
    sender = Sender(bench.outbox, relay, bench.clock)
    sender.startService()
    await bench.gate.stop()
    await bench.outbox.add(report())
    bench.clock.pump([600.0] * 6)
    assert relay.attempts == []
    await bench.gate.start()
    (attempt,) = relay.attempts
    attempt.reply(250, "ok")
    assert (await bench.outbox.get("r1")).state is S.SENT
    await sender.stopService()


async def test_stop_while_the_relay_waits(bench: Bench) -> None:
    """A stop between DATA and the dot: not sent, and sent once after the start."""
    relay = FakeDeliverer(hold_dot=Deferred())
    sender = Sender(bench.outbox, relay, bench.clock)
    sender.startService()
    await bench.outbox.add(report())
    await bench.gate.stop()
    hold, relay.hold_dot = relay.hold_dot, None
    assert hold is not None
    hold.callback(None)
    assert [attempt.dot_sent for attempt in relay.attempts] == [False]
    await bench.gate.start()
    assert [attempt.dot_sent for attempt in relay.attempts] == [False, True]
    relay.attempts[1].reply(250, "ok")
    await sender.stopService()


@pytest.mark.parametrize("which", ["r1", DESK, DESK.upper()])
async def test_held(bench: Bench, which: str) -> None:
    """Reports to a desk that nobody knows wait for a word, and then leave."""
    bench.outbox.rules = Rules(hold_new_desks=True)
    status = await bench.outbox.add(report())
    assert (status.state, status.reason) == (S.QUEUED, HELD.format("r1"))
    await bench.outbox.add(report("other"))
    assert await bench.outbox.wait(["r1"], 10.0) == (status,)
    assert await bench.outbox.claim(10) == ()
    bench.clock.advance(60.0)
    answered = await bench.gate.approve(which)
    assert answered.desk.lower() == DESK
    assert [(s.id, s.reason) for s in answered.reports] == [("r1", ""), ("r2", "")]
    assert [entry.id for entry in await bench.outbox.claim(10)] == ["r1", "r2"]
    assert (await bench.outbox.add(report("third"))).reason == ""


async def test_known_desks_are_not_held(bench: Bench) -> None:
    """A desk that has had a report is known, also after its rows are gone."""
    await bench.outbox.add(report())
    await sent(bench, "r1")
    bench.clock.advance(31 * 86400.0)
    await bench.outbox.purge()
    assert await bench.outbox.list() == ()
    bench.outbox.rules = Rules(hold_new_desks=True)
    assert (await bench.outbox.add(report("2"))).reason == ""
    held = await bench.outbox.add(report("3", "noc@other.example"))
    assert held.reason == HELD.format("r3")


async def test_rejected(bench: Bench) -> None:
    """What is rejected never leaves; the next report to the desk is held again."""
    bench.outbox.rules = Rules(hold_new_desks=True)
    for number in (1, 2):
        await bench.outbox.add(report(str(number)))
    answered = await bench.gate.reject("r2")
    assert [(s.id, s.state) for s in answered.reports] == [
        ("r1", S.CANCELLED),
        ("r2", S.CANCELLED),
    ]
    assert (await bench.outbox.get("r1")).reason == "rejected by the operator"
    assert (await bench.outbox.add(report("3"))).reason == HELD.format("r3")
    await bench.outbox.cancel("r3")
    with pytest.raises(TransitionError, match="nothing is held"):
        await bench.gate.reject(DESK)


async def test_approved_in_advance(bench: Bench) -> None:
    """A desk may be approved before there is a report for it; a typo is told."""
    assert (await bench.gate.approve("abuse@new.example")).reports == ()
    bench.outbox.rules = Rules(hold_new_desks=True)
    assert (await bench.outbox.add(report("1", "abuse@new.example"))).reason == ""
    for which in ("r77", "@new.example", "abuse@"):
        with pytest.raises(NoSuchReportError):
            await bench.gate.approve(which)


async def test_held_ones_are_not_merged(bench: Bench) -> None:
    """A report that waits for the operator is not written anew behind his back."""
    bench.outbox.rules = Rules(hold_new_desks=True)
    for number in range(30):
        await bench.outbox.add(incident(number))
    assert {entry.carrier for entry in await bench.outbox.list()} == {None}


async def test_other_rates(bench: Bench) -> None:
    """A rate that is raised counts at once; while the store fails, an hour later."""
    bench.gate.adopt(Rules(RateLimits(contact_hour=1)))
    for number in (1, 2):
        await bench.outbox.add(incident(number, source=str(number)))
    await sent(bench, "r1")
    assert not await bench.outbox.admit("r2")
    assert await bench.outbox.claim(10) == ()
    bench.gate.adopt(Rules(RateLimits(contact_hour=2)))
    await sent(bench, "r2")
    await bench.store.close()
    with capturedLogs() as events:
        bench.gate.adopt(Rules())
    assert "wait for up to an hour more" in formatEvent(events[0])
