"""sc.explain: one story, whatever name of it an operator has."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
import pytest_twisted

from sc.abuse.requests import Requests
from sc.explain import Explainer, UnknownNameError
from sc.history.history import History
from sc.history.settings import HistorySettings
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.report import ReportRequest
from tests.fakes.outbox import NOW, Bench, report


class World:
    """Message m1 was scanned, and is reported as r1; m2 waits; m3 was scanned."""

    def __init__(self, place: str) -> None:
        self.bench = Bench.make(place)
        clock = cast(Any, self.bench.clock)
        self.history = History(self.bench.store, clock, HistorySettings())
        self.explainer = Explainer(self.bench.store, self.history)

    async def fill(self) -> None:
        await self.bench.outbox.add(report())
        self.history.keep("m1", "scanned id=m1")
        self.history.keep("m3", "scanned id=m3")
        waiting = Message("m2", Envelope(), b"Subject: x\r\n\r\n")
        await Requests(self.bench.store).add(waiting, ReportRequest(send=True), NOW)
        await self.history.stop()


@pytest_twisted.async_yield_fixture
async def world(place: str) -> AsyncIterator[World]:
    made = World(place)
    await made.fill()
    yield made
    await made.bench.store.close()


@pytest.mark.parametrize(
    "name",
    [
        "m1",
        "r1",
        "key",
        "<1@example.org>",
        "1@example.org",
        "X-SC-Id: m1",
        "x-sc-report-id: r1; v=1; size=3; bh=0; mac=0",
        "r1; v=1; size=3",
        " id=m1 listener=lmtp",
    ],
)
async def test_names(world: World, name: str) -> None:
    """As it stands in a reply, a line, a field, a mail, a list."""
    story = await world.explainer.explain(name)
    assert story.message_id == "m1"
    assert [line.text for line in story.lines] == ["scanned id=m1"]
    assert [entry.id for entry in story.reports] == ["r1"]
    assert story.mails == {"r1"}
    assert story.waiting is None


async def test_only_a_request(world: World) -> None:
    """It is committed, and nothing has come of it yet."""
    story = await world.explainer.explain("m2")
    assert (story.lines, story.reports, story.waiting) == ((), (), NOW)


async def test_only_a_scan(world: World) -> None:
    """Most messages are never reported."""
    story = await world.explainer.explain("m3")
    assert [line.text for line in story.lines] == ["scanned id=m3"]
    assert (story.reports, story.waiting) == ((), None)


@pytest.mark.parametrize(
    "name", ["m9", "", "   ", "<>", "; DROP TABLE reports", "x" * 2000]
)
async def test_nothing_known(world: World, name: str) -> None:
    """What is not known, or no longer, is said so."""
    with pytest.raises(UnknownNameError):
        await world.explainer.explain(name)
