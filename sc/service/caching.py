"""The cache that the operator chose."""

from twisted.internet.interfaces import IReactorTime

from sc.net.cache_servers import memcached_servers, redis_server
from sc.net.cache_settings import Backend, CacheSettings
from sc.store.cache import Cache
from sc.store.memory_cache import MemoryCache
from sc.store.shared_cache import SharedCache


def build_cache(settings: CacheSettings, clock: IReactorTime) -> Cache:
    """Nothing is connected before the first question."""
    if settings.backend is Backend.MEMORY:
        return MemoryCache(clock, settings.cleanup_interval)
    if settings.backend is Backend.REDIS:
        return SharedCache((redis_server(settings, clock),), settings.namespace)
    return SharedCache(memcached_servers(settings, clock), settings.namespace)
