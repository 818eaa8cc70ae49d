"""sc.scan.window: counts of the last hour."""

import pytest
from twisted.internet.task import Clock

from sc.scan.window import Window
from sc.store.memory_cache import MemoryCache
from tests.fakes.silent_cache import SilentCache


def window(clock: Clock) -> Window:
    return Window(MemoryCache(clock), clock, "limits")


async def test_counts() -> None:
    """Each name counts for itself, for each user; case makes no other user."""
    clock = Clock()
    it = window(clock)
    assert await it.add("Alice", {"messages": 1, "recipients": 3}) == {
        "messages": 1,
        "recipients": 3,
    }
    assert await it.add("alice", {"messages": 1, "recipients": 0}) == {
        "messages": 2,
        "recipients": 3,
    }
    assert await it.add("bob", {"messages": 0}) == {"messages": 0}


@pytest.mark.parametrize(
    ("later", "left"), [(1799, 10.0), (1800, 10.0), (3600, 5.0), (5399, 0.0)]
)
async def test_slides(later: float, left: float) -> None:
    """What is older than an hour counts no longer; a bucket goes evenly."""
    clock = Clock()
    clock.advance(1800.0)
    it = window(clock)
    await it.add("alice", {"messages": 10})
    clock.advance(later)
    counts = await it.add("alice", {"messages": 0})
    assert counts is not None
    assert counts["messages"] == pytest.approx(left, abs=0.01)


async def test_forgotten_after_two_hours() -> None:
    """Of last week's messages nothing is left."""
    clock = Clock()
    it = window(clock)
    await it.add("alice", {"messages": 10})
    clock.advance(7200.0)
    assert await it.add("alice", {"messages": 1}) == {"messages": 1}


async def test_silent_cache() -> None:
    """Nothing is known then, rather than 0."""
    it = Window(SilentCache(), Clock(), "limits")
    assert await it.add("alice", {"messages": 1}) is None


async def test_nobody_stands_in_a_key() -> None:
    """Names of users do not lie at the cache, and any name makes a short key."""
    clock = Clock()
    cache = MemoryCache(clock)
    await Window(cache, clock, "limits").add("alice@example.org" * 99, {"messages": 1})
    assert all(
        key.startswith("limits:") and "alice" not in key and len(key) < 80
        for key in cache._entries
    )
