"""A thousand addresses in fifty networks, and registries that take 200 ms to answer.

Run with `python -m bench.contacts`; no network is needed. What counts is how often
the registries are asked: once for each network. The same over Redis and memcached,
if they are installed, and how long a second node takes that shares them.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from shutil import which
from typing import Any, cast

from twisted.internet import reactor  # noqa: TID251 a program of its own
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import react

from sc.abuse.contacts.bootstrap import Bootstrap
from sc.abuse.contacts.build import Outside, build_finder
from sc.abuse.contacts.memory import ContactMemory
from sc.abuse.contacts.settings import ContactSettings
from sc.net.cache_settings import (
    Backend,
    CacheSettings,
    MemcachedSettings,
    RedisSettings,
)
from sc.service.caching import build_cache
from sc.store.cache import Cache
from tests.fakes import rdap
from tests.fakes.contacts import FakeHops, FakeNames, FakeWhois, Steady
from tests.integration import engines

CLOCK = cast(IReactorTime, reactor)
DELAY = 0.2
BLOCKS = ("41.0", "58.0", "23.0", "193.0", "200.0")
"""One of each registry."""

NETWORKS = [f"{block}.{n}.0/24" for block in BLOCKS for n in range(10)]
HOSTS = 20
SETTINGS = ContactSettings(rate=1000.0, burst=1000)


@contextmanager
def _settings(backend: Backend) -> Iterator[CacheSettings]:
    if backend is Backend.REDIS:
        with engines.redis() as engine:
            yield CacheSettings(backend=backend, redis=RedisSettings(engine.tcp))
    elif backend is Backend.MEMCACHED:
        with engines.memcached() as one, engines.memcached() as two:
            servers = MemcachedSettings((one.tcp, two.tcp))
            yield CacheSettings(backend=backend, memcached=servers)
    else:
        yield CacheSettings()


async def _node(cache: Cache) -> tuple[int, int, float]:
    """Lookups, desks and seconds of a node that knows nothing but the cache."""
    answers = {
        n: rdap.apnic(n, f"abuse@net{i}.example") for i, n in enumerate(NETWORKS)
    }
    hops = FakeHops(cast(Any, CLOCK), answers, seconds=DELAY)
    outside = Outside(
        hops=hops,
        resolver=FakeNames(),
        whois=FakeWhois(),
        clock=CLOCK,
        random=Steady(),
        bootstrap=Bootstrap.shipped(),
    )
    memory = ContactMemory(SETTINGS, cache, CLOCK, Steady())
    finder = build_finder(SETTINGS, outside, memory=memory)
    ips = [
        ip_address(network.replace(".0/24", f".{host}"))
        for host in range(1, HOSTS + 1)
        for network in NETWORKS
    ]
    begun = CLOCK.seconds()
    finding = [Deferred.fromCoroutine(finder.find(ip)) for ip in ips]
    found = await gatherResults(finding, consumeErrors=True)
    desks = len({contact.address for contact in found})
    return len(hops.urls), desks, CLOCK.seconds() - begun


async def _run(backend: Backend) -> bool:
    with _settings(backend) as settings:
        cache = build_cache(settings, CLOCK)
        lookups, desks, seconds = await _node(cache)
        again, _, later = await _node(cache)
        await cache.close()
    print(
        f"{backend.value}: {len(NETWORKS) * HOSTS} addresses, {len(NETWORKS)} networks,"
        f" {DELAY * 1000:.0f} ms each: {lookups} lookups, {desks} desks,"
        f" {seconds:.2f} s; a second node: {again} lookups, {later:.2f} s"
    )
    return lookups == desks == len(NETWORKS) and again == 0


async def _all() -> bool:
    programs = {Backend.REDIS: "redis-server", Backend.MEMCACHED: "memcached"}
    held = True
    for backend in Backend:
        if backend in programs and not which(programs[backend]):
            print(f"{backend.value}: {programs[backend]} is not installed")
        else:
            held = await _run(backend) and held
    return held


def main() -> None:
    async def run(_: object) -> None:
        sys.exit(0 if await _all() else 1)

    react(lambda r: Deferred.fromCoroutine(run(r)), [])


if __name__ == "__main__":
    main()
