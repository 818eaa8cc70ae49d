"""Several nodes on one outbox: each report is one node's at a time, and sent once."""

from collections.abc import AsyncIterator

import pytest
import pytest_twisted
from attrs import frozen
from twisted.internet.defer import Deferred

from sc.model.report import ReportState as S
from sc.outbox.settings import TAKEOVER
from sc.outbox.states import TransitionError
from tests.fakes.outbox import Bench, report


@frozen
class Nodes:
    a: Bench
    b: Bench

    def advance(self, seconds: float) -> None:
        for node in (self.a, self.b):
            node.clock.advance(seconds)

    async def states(self) -> list[S]:
        return [entry.state for entry in await self.a.outbox.list()]


@pytest_twisted.async_yield_fixture
async def nodes(place: str) -> AsyncIterator[Nodes]:
    made = Nodes(
        Bench.make(place, node="a", prefix="a"), Bench.make(place, node="b", prefix="b")
    )
    yield made
    await made.a.store.close()
    await made.b.store.close()


async def test_repeated_elsewhere(nodes: Nodes) -> None:
    """The same evidence at two nodes makes one report."""
    first = await nodes.a.outbox.add(report())
    second = await nodes.b.outbox.add(report())
    assert (second.id, second.duplicate) == (first.id, True)


async def test_claimed_once(nodes: Nodes) -> None:
    """What one node has claimed the other does not try; its own it sees again."""
    await nodes.a.outbox.add(report())
    assert len(await nodes.b.outbox.claim(10)) == 1
    assert await nodes.a.outbox.claim(10) == ()
    assert len(await nodes.b.outbox.claim(10)) == 1
    with pytest.raises(TransitionError, match="node b has it"):
        await nodes.a.outbox.begin("a1")
    await nodes.b.outbox.begin("a1")
    with pytest.raises(TransitionError, match="node b has it"):
        await nodes.a.outbox.end("a1", S.SENT, "250 ok")
    await nodes.b.outbox.end("a1", S.DEFERRED, "451 later")
    nodes.advance(60.0)
    assert len(await nodes.a.outbox.claim(10)) == 1


async def test_dead_before_the_dot(nodes: Nodes) -> None:
    """What a dead node has claimed and not begun is sent by the other one."""
    await nodes.a.outbox.add(report())
    await nodes.a.outbox.claim(10)
    nodes.advance(TAKEOVER - 1)
    assert await nodes.b.outbox.claim(10) == ()
    nodes.advance(1)
    assert len(await nodes.b.outbox.claim(10)) == 1


async def test_clock_ahead(nodes: Nodes) -> None:
    """A clock that is a little ahead makes a claim no shorter for the others."""
    nodes.a.clock.advance(60.0)
    await nodes.a.outbox.add(report())
    await nodes.a.outbox.claim(10)
    nodes.b.clock.advance(30.0)
    assert await nodes.b.outbox.claim(10) == ()
    with pytest.raises(TransitionError, match="node a has it"):
        await nodes.b.outbox.begin("a1")


async def test_clock_set_back(nodes: Nodes) -> None:
    """A claim until next year, of a clock that was wrong, holds nobody."""
    nodes.a.clock.advance(TAKEOVER * 1000)
    await nodes.a.outbox.add(report())
    await nodes.a.outbox.claim(10)
    assert len(await nodes.b.outbox.claim(10)) == 1


async def test_restarted(nodes: Nodes) -> None:
    """A node that starts again doubts its own attempts, and no other node's."""
    for node, key in ((nodes.a, "1"), (nodes.b, "2")):
        status = await node.outbox.add(report(key))
        await node.outbox.begin(status.id)
    await nodes.b.outbox.recover()
    assert (await nodes.a.outbox.get("a1")).state is S.SENDING
    assert (await nodes.a.outbox.get("b1")).state is S.UNCERTAIN


async def test_dead_after_the_dot(nodes: Nodes) -> None:
    """What a dead node was sending is uncertain when no answer can come any more."""
    await nodes.a.outbox.add(report())
    await nodes.a.outbox.begin("a1")
    nodes.advance(TAKEOVER - 1)
    await nodes.b.outbox.purge()
    assert await nodes.states() == [S.SENDING]
    nodes.advance(1)
    await nodes.a.outbox.purge()
    assert await nodes.states() == [S.SENDING]
    await nodes.b.outbox.purge()
    assert await nodes.states() == [S.UNCERTAIN]


async def test_thought_dead(nodes: Nodes) -> None:
    """A node that comes back late with the relay's yes ends the doubt."""
    await nodes.a.outbox.add(report())
    await nodes.a.outbox.begin("a1")
    nodes.advance(TAKEOVER)
    await nodes.b.outbox.purge()
    await nodes.a.outbox.end("a1", S.SENT, "250 ok")
    assert await nodes.states() == [S.SENT]


async def test_cancelled_elsewhere(nodes: Nodes) -> None:
    """An operator may cancel at any node until the dot."""
    await nodes.a.outbox.add(report())
    await nodes.a.outbox.claim(10)
    await nodes.b.outbox.cancel("a1")
    with pytest.raises(TransitionError, match="cancelled cannot become sending"):
        await nodes.a.outbox.begin("a1")


async def test_waited_for_elsewhere(nodes: Nodes) -> None:
    """A caller at one node learns within a second what another node has sent."""
    await nodes.a.outbox.add(report())
    done = Deferred.fromCoroutine(nodes.a.outbox.wait(["a1"], 10.0))
    await nodes.b.outbox.begin("a1")
    await nodes.b.outbox.end("a1", S.SENT, "250 ok")
    assert not done.called
    nodes.advance(1.0)
    (status,) = await done
    assert status.state is S.SENT


async def test_said_twice(nodes: Nodes) -> None:
    """An end that was written down, and whose answer got lost, can be said again."""
    await nodes.a.outbox.add(report())
    await nodes.a.outbox.begin("a1")
    for _ in range(2):
        await nodes.a.outbox.end("a1", S.SENT, "250 ok")
    assert (await nodes.a.outbox.get("a1")).attempts == 1
