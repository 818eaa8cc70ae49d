"""A cache whose hits and misses are counted, by the kind of key."""

from collections import Counter
from collections.abc import Iterable, Mapping

from attrs import frozen

from sc.metrics import Metrics
from sc.store.cache import Cache


@frozen
class CountedCache:
    """Asks another cache, and tells the metrics what was there."""

    _cache: Cache
    _metrics: Metrics

    async def get_many(self, keys: Iterable[str]) -> Mapping[str, bytes]:
        """See `Cache.get_many`."""
        wanted = tuple(keys)
        found = await self._cache.get_many(wanted)
        hits = Counter(map(_kind, found))
        for kind, count in Counter(map(_kind, wanted)).items():
            self._metrics.looked_up(kind, hits[kind], count - hits[kind])
        return found

    async def set_many(self, values: Mapping[str, bytes], ttl: float) -> None:
        """See `Cache.set_many`."""
        await self._cache.set_many(values, ttl)

    async def add_many(
        self, amounts: Mapping[str, int], ttl: float
    ) -> Mapping[str, int]:
        """See `Cache.add_many`."""
        return await self._cache.add_many(amounts, ttl)

    async def close(self) -> None:
        """See `Cache.close`."""
        await self._cache.close()


def _kind(key: str) -> str:
    return key.partition(":")[0]
