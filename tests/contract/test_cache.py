"""The cache contract over memory and the fakes."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import cast

import pytest
import pytest_twisted
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.interfaces import IReactorTime

from sc.net.cache_settings import (
    Backend,
    CacheSettings,
    MemcachedSettings,
    RedisSettings,
)
from sc.service.caching import build_cache
from sc.store.cache import Cache
from tests.contract.cache import CacheContract
from tests.fakes.cache_servers import FakeMemcached, FakeRedis, Shelf
from tests.fakes.faults import serving

CLOCK = cast(IReactorTime, reactor)


class TestMemory(CacheContract):
    @pytest.fixture
    def cache(self) -> Cache:
        return build_cache(CacheSettings(), CLOCK)


class TestFakeRedis(CacheContract):
    @pytest_twisted.async_yield_fixture
    async def cache(self) -> AsyncIterator[Cache]:
        shelf = Shelf()
        async with serving(lambda: FakeRedis(shelf)) as (address, _):
            settings = CacheSettings(
                backend=Backend.REDIS, timeout=10.0, redis=RedisSettings(address)
            )
            cache = build_cache(settings, CLOCK)
            yield cache
            await cache.close()


class TestFakeMemcached(CacheContract):
    """Three of them: the keys lie on each."""

    @pytest_twisted.async_yield_fixture
    async def cache(self) -> AsyncIterator[Cache]:
        shelves = [Shelf() for _ in range(3)]
        async with AsyncExitStack() as stack:
            opened = [
                await stack.enter_async_context(serving(lambda s=s: FakeMemcached(s)))  # type: ignore[misc]
                for s in shelves
            ]
            servers = MemcachedSettings(tuple(address for address, _ in opened))
            settings = CacheSettings(
                backend=Backend.MEMCACHED, timeout=10.0, memcached=servers
            )
            cache = build_cache(settings, CLOCK)
            yield cache
            await cache.close()
