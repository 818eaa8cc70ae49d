"""sc.outbox.sender: due reports leave, and what became of them is written down."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_twisted
from attrs import evolve
from twisted.internet.defer import Deferred

from sc.model.report import ReportState as S
from sc.net.relay import RelayError
from sc.outbox.rules import RateLimits, Rules
from sc.outbox.sender import Sender
from sc.outbox.settings import OutboxSettings
from sc.store.interface import Cursor, StoreError
from tests.fakes.deliverer import FakeDeliverer
from tests.fakes.outbox import Bench, incident, report

T = TypeVar("T")


class Scene:
    """A running sender with a relay that does as it is told."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.outbox, self.clock = bench.outbox, bench.clock
        self.relay = FakeDeliverer()
        self.sender = Sender(bench.outbox, self.relay, bench.clock)

    async def state(self, report_id: str = "r1") -> tuple[S, str]:
        entry = await self.outbox.get(report_id)
        return entry.state, entry.reason


@pytest_twisted.async_yield_fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    settings = OutboxSettings(concurrency=2)
    made = Scene(Bench.make(tmp_path / "store.db", settings))
    made.sender.startService()
    yield made
    if made.sender.running:
        stopping = made.sender.stopService()
        made.clock.advance(10.0)
        await stopping
    await made.bench.store.close()
    assert made.clock.getDelayedCalls() == []


async def test_bounces_name_the_report(scene: Scene) -> None:
    """A relay with DSN is asked for a bounce that names the report, on failure only."""
    await scene.outbox.add(report())
    (attempt,) = scene.relay.attempts
    mail = attempt.delivery.outgoing()
    assert mail.mail_command({"DSN"}).endswith(" RET=HDRS ENVID=r1")
    assert mail.rcpt_command(0, {"DSN"}).endswith(
        "> NOTIFY=FAILURE ORCPT=rfc822;abuse@net.example"
    )
    attempt.reply(250, "2.0.0 queued as 1")


async def test_sent(scene: Scene) -> None:
    """A report leaves at once, and says sending before its dot."""
    scene.relay.hold_dot = Deferred()
    await scene.outbox.add(report())
    (attempt,) = scene.relay.attempts
    assert attempt.delivery.body == report().mail
    assert attempt.delivery.recipients == ("abuse@net.example",)
    assert (await scene.state())[0] is S.QUEUED
    scene.relay.hold_dot.callback(None)
    assert (await scene.state())[0] is S.SENDING
    attempt.reply(250, "2.0.0 queued as 1")
    assert await scene.state() == (S.SENT, "250 2.0.0 queued as 1")


@pytest.mark.parametrize(
    ("code", "state"), [(451, S.DEFERRED), (550, S.FAILED), (554, S.FAILED)]
)
async def test_refused(scene: Scene, code: int, state: S) -> None:
    """A relay's no is final if it says so, and else comes again later."""
    await scene.outbox.add(report())
    scene.relay.attempts[0].reply(code, "no")
    assert await scene.state() == (state, f"{code} no")
    scene.clock.advance(60.0)
    assert len(scene.relay.attempts) == (2 if state is S.DEFERRED else 1)


@pytest.mark.parametrize(
    ("uncertain", "state"), [(True, S.UNCERTAIN), (False, S.DEFERRED)]
)
async def test_no_answer(scene: Scene, uncertain: bool, state: S) -> None:
    """No answer to the final dot: a person decides. None before it: later again."""
    await scene.outbox.add(report())
    error = RelayError("closed the connection", uncertain=uncertain)
    scene.relay.attempts[0].answer.errback(error)
    assert await scene.state() == (state, "relay: closed the connection")
    scene.clock.pump([60.0] * 60)
    assert (len(scene.relay.attempts) > 1) is not uncertain


async def test_uncertain_again(scene: Scene) -> None:
    """Somebody says retry: the very same mail goes out."""
    await scene.outbox.add(report())
    error = RelayError("closed the connection", uncertain=True)
    scene.relay.attempts[0].answer.errback(error)
    await scene.outbox.retry("r1")
    first, second = scene.relay.attempts
    assert first.delivery == second.delivery


async def test_not_all_at_once(scene: Scene) -> None:
    """No more connections than allowed; the next goes when one is free."""
    for number in range(3):
        await scene.outbox.add(report(str(number)))
    assert len(scene.relay.attempts) == 2
    scene.relay.attempts[1].reply(250, "ok")
    assert len(scene.relay.attempts) == 3


async def test_cancelled_in_time(scene: Scene) -> None:
    """A report cancelled before its dot is not sent, whatever has gone before."""
    scene.relay.hold_dot = Deferred()
    await scene.outbox.add(report())
    await scene.outbox.cancel("r1")
    scene.relay.hold_dot.callback(None)
    assert not scene.relay.attempts[0].dot_sent
    assert (await scene.state())[0] is S.CANCELLED


async def test_our_own_bug(scene: Scene) -> None:
    """An error of ours does not send the same mail again and again."""
    await scene.outbox.add(report())
    logged = _trap_failures(scene)
    scene.relay.attempts[0].answer.errback(LookupError("bug"))
    assert await scene.state() == (S.UNCERTAIN, "internal error")
    scene.relay.hold_dot = Deferred()
    await scene.outbox.add(report("other"))
    scene.relay.hold_dot.errback(LookupError("bug"))
    assert await scene.state("r2") == (S.FAILED, "internal error")
    assert logged == ["r1", "r2"]


async def test_store_fails_before_the_dot(scene: Scene) -> None:
    """What cannot be written down is not sent; it goes when the disk is back."""
    scene.relay.hold_dot = Deferred()
    await scene.outbox.add(report())
    broken = _Broken(scene)
    scene.relay.hold_dot.callback(None)
    scene.relay.hold_dot = None
    assert not scene.relay.attempts[0].dot_sent
    broken.repair()
    scene.clock.advance(30.0)
    state, reason = await scene.state()
    assert state is S.DEFERRED
    assert reason.endswith("before the dot: database or disk is full")
    scene.clock.advance(60.0)
    assert scene.relay.attempts[1].dot_sent


async def test_store_fails_before_the_attempt(scene: Scene) -> None:
    """What cannot be counted is not tried; it goes once when the disk is back."""
    await scene.outbox.add(report())
    scene.relay.attempts[0].reply(451, "later")
    broken = _Broken(scene)
    scene.clock.pump([30.0] * 10)
    assert len(scene.relay.attempts) == 1
    broken.repair()
    scene.clock.pump([30.0] * 10)
    assert [attempt.dot_sent for attempt in scene.relay.attempts] == [True, True]
    scene.relay.attempts[1].reply(250, "ok")
    assert (await scene.state())[0] is S.SENT


async def test_full_disk(scene: Scene) -> None:
    """A real full disk: what was taken is sent once, what was not is told."""
    await scene.outbox.add(report())
    pages = await _pragma(scene, "page_count")
    await _pragma(scene, f"max_page_count = {pages}")
    large = evolve(report("large"), mail=b"x" * 1_000_000)
    with pytest.raises(StoreError, match="full"):
        await scene.outbox.add(large)
    scene.relay.attempts[0].reply(250, "ok")
    assert await scene.state() == (S.SENT, "250 ok")
    await _pragma(scene, "max_page_count = 100000")
    assert not (await scene.outbox.add(large)).duplicate
    assert len(scene.relay.attempts) == 2
    scene.relay.attempts[1].reply(250, "ok")


async def test_above_the_rate(scene: Scene) -> None:
    """What is above the rate leaves the relay alone until its turn comes."""
    scene.outbox.rules = Rules(RateLimits(contact_hour=1))
    for number in range(3):
        await scene.outbox.add(incident(number, source=str(number)))
        for attempt in scene.relay.attempts:
            if not attempt.answer.called:
                attempt.reply(250, "ok")
    assert len(scene.relay.attempts) == 1
    scene.clock.pump([60.0] * 60)
    assert len(scene.relay.attempts) == 2


async def test_store_fails_after_the_dot(scene: Scene) -> None:
    """An answer that cannot be written down is not forgotten, nor sent again."""
    await scene.outbox.add(report())
    broken = _Broken(scene)
    scene.relay.attempts[0].reply(250, "ok")
    scene.clock.pump([10.0] * 20)
    broken.repair()
    scene.clock.advance(30.0)
    assert await scene.state() == (S.SENT, "250 ok")
    assert len(scene.relay.attempts) == 1


async def test_stop_waits(scene: Scene) -> None:
    """A stop lets what is on its way come to its end, and starts nothing more."""
    await scene.outbox.add(report())
    stopping = scene.sender.stopService()
    await scene.outbox.add(report("other"))
    assert not stopping.called
    scene.relay.attempts[0].reply(250, "ok")
    await stopping
    assert (await scene.state())[0] is S.SENT
    assert len(scene.relay.attempts) == 1


async def test_stop_has_an_end(scene: Scene) -> None:
    """A relay that hangs does not hold the daemon; the next start knows of it."""
    await scene.outbox.add(report())
    stopping = scene.sender.stopService()
    scene.clock.advance(10.0)
    await stopping
    assert (await scene.state())[0] is S.SENDING
    again = Scene(scene.bench)
    again.sender.startService()
    assert (await scene.state())[0] is S.UNCERTAIN
    assert again.relay.attempts == []
    await again.sender.stopService()


async def test_what_waited_for_the_start(tmp_path: Path) -> None:
    """Reports taken before a restart leave after it."""
    scene = Scene(Bench.make(tmp_path / "store.db"))
    await scene.outbox.add(report())
    scene.sender.startService()
    scene.relay.attempts[0].reply(250, "ok")
    assert (await scene.state())[0] is S.SENT
    await scene.sender.stopService()
    await scene.bench.store.close()


async def test_never_started(tmp_path: Path) -> None:
    """A daemon that did not come up can be stopped."""
    bench = Bench.make(tmp_path / "store.db")
    await Sender(bench.outbox, FakeDeliverer(), bench.clock).stopService()
    await bench.store.close()


async def test_mail_deleted(scene: Scene) -> None:
    """A report whose mail is gone fails, and says why."""
    await scene.sender.stopService()
    await scene.outbox.add(report())
    await scene.bench.store.transact(
        lambda cursor: cursor.execute("DELETE FROM report_mails") and None
    )
    scene.sender.startService()
    assert await scene.state() == (S.FAILED, "its mail has been deleted")


async def test_long_answer(scene: Scene) -> None:
    """A relay that talks much is cut."""
    await scene.outbox.add(report())
    scene.relay.attempts[0].reply(550, "x" * 5000)
    assert len((await scene.state())[1]) == 500


async def _pragma(scene: Scene, text: str) -> object:
    def work(cursor: Cursor) -> object:
        cursor.execute(f"PRAGMA {text}")
        return (cursor.fetchone() or (None,))[0]

    return await scene.bench.store.transact(work)


class _Broken:
    """The store fails until it is repaired."""

    def __init__(self, scene: Scene) -> None:
        self._outbox = scene.outbox
        self._store = scene.bench.store
        self._outbox._store = self

    async def transact(self, work: Callable[[Cursor], T]) -> T:
        raise StoreError("database or disk is full")

    def repair(self) -> None:
        self._outbox._store = self._store


def _trap_failures(scene: Scene) -> list[object]:
    """The ids of failures that would be logged."""
    logged: list[object] = []

    class Trap:
        def failure(self, text: str, **fields: object) -> None:
            logged.append(fields["id"])

    scene.sender._log = Trap()  # type: ignore[assignment]  # keeps the log clean
    return logged
