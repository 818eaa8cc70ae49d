"""sc.scan.complaining: feedback reports count against the user, once."""

from collections.abc import Sequence

import pytest
from attrs import define, field
from twisted.internet.task import Clock

from sc.history.table import Line
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.scan.complaining import Complaining
from sc.store.cache import Cache
from sc.store.interface import StoreError
from sc.store.memory_cache import MemoryCache
from tests.fakes.inline_offload import inline
from tests.fakes.silent_cache import SilentCache
from tests.unit.content.test_feedback import ID, report

SENT = (
    f"scanned id={ID} listener=spamd direction=outbound ip=192.0.2.7 user=alice"
    " from=a@b rcpts=1 size=9 action=no_action reason=clean"
)


@define
class FakeHistory:
    lines: Sequence[str] = (f"relayed id={ID}", SENT)
    error: Exception | None = None

    async def of(self, message_id: str) -> tuple[Line, ...]:
        if self.error is not None:
            raise self.error
        return tuple(Line(message_id, 1.0, text) for text in self.lines)


@define
class FakeOutbreak:
    complaints: list[tuple[str, str]] = field(factory=list)

    async def complained(self, user: str, message_id: str) -> None:
        self.complaints.append((user, message_id))


def complaining(
    outbreak: FakeOutbreak, history: FakeHistory, cache: Cache | None = None
) -> Complaining:
    cache = cache or MemoryCache(Clock())
    return Complaining(outbreak, history, cache, inline())  # type: ignore[arg-type]  # fakes


def message(content: bytes | None = None) -> Message:
    return Message("id-1", Envelope(), report() if content is None else content)


@pytest.mark.parametrize("cache", [None, SilentCache()])
async def test_counts(cache: Cache | None) -> None:
    """The user whose message it was is known by the log's line."""
    outbreak = FakeOutbreak()
    await complaining(outbreak, FakeHistory(), cache).take(message())
    assert outbreak.complaints == [("alice", ID)]


async def test_counts_once() -> None:
    """A recipient who complains ten times has one complaint."""
    outbreak = FakeOutbreak()
    it = complaining(outbreak, FakeHistory())
    for _ in range(10):
        await it.take(message())
    assert len(outbreak.complaints) == 1


@pytest.mark.parametrize(
    "line",
    [
        f"relayed id={ID} rcpts=1",
        SENT.replace("outbound", "inbound"),
        SENT.replace("user=alice", "user=-"),
    ],
)
async def test_nobody_of_ours(line: str) -> None:
    """Strangers' messages, and what nobody knows any more, count for nobody."""
    outbreak = FakeOutbreak()
    await complaining(outbreak, FakeHistory((line,))).take(message())
    await complaining(outbreak, FakeHistory(())).take(message())
    assert outbreak.complaints == []


async def test_other_mail() -> None:
    """Whatever else comes to that address is taken, and does nothing."""
    outbreak = FakeOutbreak()
    await complaining(outbreak, FakeHistory()).take(message(b"Subject: hi\r\n\r\n"))
    assert outbreak.complaints == []


async def test_store_down() -> None:
    """Then the door says 451, and it comes again."""
    it = complaining(FakeOutbreak(), FakeHistory(error=StoreError("disk full")))
    with pytest.raises(StoreError):
        await it.take(message())
