"""Two nodes that send at once from one PostgreSQL: their rates are one.

Two outboxes -> psycopg -> PostgreSQL
"""

from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any

import pytest
import pytest_twisted
from attrs import define
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import Clock
from twisted.python.threadpool import ThreadPool

from sc.maillog import MailLog
from sc.model.report import ReportState as S
from sc.model.report import ReportStatus
from sc.outbox.gate import Gate
from sc.outbox.outbox import Outbox
from sc.outbox.rates import DESK
from sc.outbox.rules import HOUR, RateLimits, Rules
from sc.outbox.settings import OutboxSettings
from sc.store.postgresql.store import PostgreSQLStore
from sc.store.settings import StoreSettings
from tests import postgresql
from tests.fakes.outbox import NOW, incident

REACTOR: Any = reactor


@define
class Node:
    outbox: Outbox
    gate: Gate
    store: PostgreSQLStore
    clock: Clock

    async def send(self) -> int:
        """How many mails leave here now."""
        entries = await self.outbox.claim(20)
        return sum([await self._attempt(entry.id) for entry in entries])

    async def _attempt(self, report_id: str) -> bool:
        if not await self.outbox.admit(report_id):
            return False
        await self.outbox.begin(report_id)
        await self.outbox.end(report_id, S.SENT, "250 ok")
        return True


def node(url: str, name: str) -> Node:
    clock, ids = Clock(), count(1)
    clock.advance(NOW)
    store = PostgreSQLStore(StoreSettings(url), REACTOR, ThreadPool(0, 4))
    store.open()
    outbox = Outbox(
        store, clock, lambda: f"{name}{next(ids)}", OutboxSettings(), MailLog(), name
    )
    outbox.rules = Rules(RateLimits(contact_hour=3))
    return Node(outbox, Gate(store, clock, outbox), store, clock)


@pytest.fixture
def url(postgresql_server: postgresql.Server) -> Iterator[str]:
    with postgresql_server.schema() as found:
        yield found


@pytest_twisted.async_yield_fixture
async def nodes(url: str) -> AsyncIterator[tuple[Node, Node]]:
    made = node(url, "a"), node(url, "b")
    yield made
    for one in made:
        await one.store.close()


async def add(nodes: tuple[Node, Node], number: int) -> list[ReportStatus]:
    """So many incidents of one source, at both nodes at once."""
    adding = [
        Deferred.fromCoroutine(nodes[i % 2].outbox.add(incident(i)))
        for i in range(number)
    ]
    statuses: list[ReportStatus] = await gatherResults(adding, consumeErrors=True)
    return statuses


async def test_one_rate(nodes: tuple[Node, Node]) -> None:
    """Together they send no more than one would, and every incident is told."""
    statuses = await add(nodes, 10)
    sending = [Deferred.fromCoroutine(one.send()) for one in nodes]
    assert sum(await gatherResults(sending, consumeErrors=True)) == 3
    first, second = nodes
    late = await second.outbox.add(incident(99))
    assert late.reason == DESK
    for one in nodes:
        one.clock.advance(HOUR)
    assert await first.send() + await second.send() == 1
    entries = await first.outbox.list()
    assert {entry.state for entry in entries} == {S.SENT}
    assert len(entries) == len(statuses) + 1
    assert len([entry for entry in entries if entry.carrier is None]) == 4


async def test_one_switch(nodes: tuple[Node, Node]) -> None:
    """What one node stops is stopped on the other, and may be started there."""
    first, second = nodes
    await first.gate.stop()
    await add(nodes, 2)
    assert await second.send() == 0
    assert not (await second.gate.start()).reason
    assert await first.send() == 2


async def test_one_approval(nodes: tuple[Node, Node]) -> None:
    """A desk that is approved at one node is known at the other."""
    for one in nodes:
        one.gate.adopt(Rules(hold_new_desks=True))
    held = await add(nodes, 2)
    assert all(status.reason.startswith("held, ") for status in held)
    answered = await nodes[1].gate.approve(held[0].id)
    assert len(answered.reports) == 2
    await nodes[0].outbox.purge()
    assert await nodes[0].send() == 2
