"""sc.store.counted_cache: hits and misses by kind of key."""

from twisted.internet.task import Clock

from sc.metrics import Metrics
from sc.store.counted_cache import CountedCache
from sc.store.memory_cache import MemoryCache
from tests.fakes.metrics import values


async def test_hits_and_misses() -> None:
    """The answer is the cache's own; the metrics know what was there."""
    metrics = Metrics()
    cache = CountedCache(MemoryCache(Clock()), metrics)
    await cache.set_many({"contact:a": b"1", "verdict:b": b"2"}, 60.0)
    assert await cache.get_many(["contact:a", "contact:c", "verdict:b"]) == {
        "contact:a": b"1",
        "verdict:b": b"2",
    }
    await cache.get_many([])
    assert values(metrics, "sc_cache_lookups_total") == {
        ("contact", "hit"): 1.0,
        ("contact", "miss"): 1.0,
        ("verdict", "hit"): 1.0,
        ("verdict", "miss"): 0.0,
    }
    assert await cache.add_many({"limits:a": 1}, 60.0) == {"limits:a": 1}
    await cache.close()
