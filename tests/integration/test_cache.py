"""Real Redis and memcached: the contract, several nodes, and that losing them loses
nothing."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from signal import SIGHUP
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
from tests.fakes.certificates import ca_file, issued
from tests.fakes.internet import NETWORKS
from tests.fakes.rdap import FakeRDAP
from tests.fakes.smtp_relay import Script
from tests.integration import engines
from tests.integration.daemon import free_port, pause
from tests.integration.reports import (
    DESK,
    SPAM,
    Registry,
    World,
    asking,
    registry,
    reporting,
)

CLOCK = cast(IReactorTime, reactor)
TIMEOUT = 10.0
"""Seconds: the longest that the settings allow; no test waits for it."""

TRIES = 600
"""A minute and more."""

NAMESPACES = (f"test{n}" for n in count())


@pytest.fixture(scope="module")
def redis() -> Iterator[engines.Engine]:
    with engines.redis() as engine:
        yield engine


@pytest.fixture(scope="module")
def memcached() -> Iterator[tuple[str, ...]]:
    with engines.memcached() as one, engines.memcached() as two:
        yield one.tcp, two.tcp


def over_redis(settings: RedisSettings) -> CacheSettings:
    return CacheSettings(
        backend=Backend.REDIS,
        namespace=next(NAMESPACES),
        timeout=TIMEOUT,
        redis=settings,
    )


@pytest.mark.peer
class TestRedis(CacheContract):
    @pytest_twisted.async_yield_fixture
    async def cache(self, redis: engines.Engine) -> AsyncIterator[Cache]:
        cache = build_cache(over_redis(RedisSettings(redis.tcp)), CLOCK)
        yield cache
        await cache.close()

    async def test_expires(self, cache: Cache) -> None:
        """Redis forgets by itself."""
        await cache.set_many({"a": b"1"}, 1.0)
        for _ in range(TRIES):
            if not await cache.get_many(["a"]):
                return
            await pause(0.1)
        raise AssertionError("still there")


@pytest.mark.peer
class TestMemcached(CacheContract):
    @pytest_twisted.async_yield_fixture
    async def cache(self, memcached: tuple[str, ...]) -> AsyncIterator[Cache]:
        settings = CacheSettings(
            backend=Backend.MEMCACHED,
            namespace=next(NAMESPACES),
            timeout=TIMEOUT,
            memcached=MemcachedSettings(memcached),
        )
        cache = build_cache(settings, CLOCK)
        yield cache
        await cache.close()


async def works(settings: RedisSettings) -> bool:
    cache = build_cache(over_redis(settings), CLOCK)
    await cache.set_many({"a": b"1"}, 60.0)
    found = await cache.get_many(["a"])
    await cache.close()
    return found == {"a": b"1"}


@pytest.mark.peer
async def test_socket_and_database(redis: engines.Engine) -> None:
    """By UNIX socket, in another database than the first."""
    assert await works(RedisSettings(redis.unix, database=3))
    assert not await works(RedisSettings(redis.unix, database=16)), "it has 16 of them"


@pytest.mark.peer
async def test_password() -> None:
    """With the password, or as an ACL user, and not without."""
    acl = ("--user", "sc", "on", ">pw", "~*", "+@all")
    with engines.redis("--requirepass", "secret", *acl) as engine:
        assert await works(RedisSettings(engine.tcp, password="secret"))
        assert await works(RedisSettings(engine.tcp, user="sc", password="pw"))
        assert not await works(RedisSettings(engine.tcp))
        assert not await works(RedisSettings(engine.tcp, password="wrong"))


@pytest.mark.peer
async def test_tls(tmp_path: Path) -> None:
    """Within TLS, if the certificate is for the server and of a CA that we trust."""
    pem = tmp_path / "redis.pem"
    pem.write_bytes(issued("localhost"))
    port = free_port()
    options = (
        *("--tls-port", str(port), "--tls-auth-clients", "no"),
        *("--tls-cert-file", str(pem), "--tls-key-file", str(pem)),
    )
    ours = ca_file(tmp_path)
    with engines.redis(*options):
        name, address = f"localhost:{port}", f"127.0.0.1:{port}"
        assert await works(RedisSettings(name, tls=True, ca_file=ours))
        assert not await works(RedisSettings(name, tls=True))
        assert not await works(RedisSettings(address, tls=True, ca_file=ours))
        assert not await works(RedisSettings(name))


def sharing(base: str, cache: str) -> Callable[[str], str]:
    """A daemon that asks this registry and has this cache."""
    contacts = asking(base)
    return lambda text: f"{contacts(text)}cache: {{{cache}, timeout: {TIMEOUT:g}}}\n"


async def desk_is_found(world: World) -> None:
    assert list((await world.post())["complaints"]) == [DESK]


async def one_lookup(folder: Path, cache: str) -> None:
    """Two nodes, one of them started anew, and one question to the registry."""
    async with AsyncExitStack() as stack:
        asked: Registry = await stack.enter_async_context(
            registry(FakeRDAP(NETWORKS).answer, None)
        )
        for name in ("one", "two"):
            (folder / name).mkdir()
            config = sharing(asked.base, cache)
            world = await stack.enter_async_context(
                reporting(folder / name, Script(), config)
            )
            await desk_is_found(world)
            await world.stopped()
            await world.restart()
            await desk_is_found(world)
        assert len(asked.requests) == 1


@pytest.mark.peer
async def test_nodes_share_redis(tmp_path: Path, redis: engines.Engine) -> None:
    """What one node has asked, no other asks, nor the same one after a restart."""
    cache = f"backend: redis, namespace: nodes, redis: {{server: '{redis.tcp}'}}"
    await one_lookup(tmp_path, cache)


@pytest.mark.peer
async def test_nodes_share_memcached(
    tmp_path: Path, memcached: tuple[str, ...]
) -> None:
    """The same with memcached."""
    servers = ", ".join(f"'{server}'" for server in memcached)
    cache = f"backend: memcached, namespace: nodes, memcached: {{servers: [{servers}]}}"
    await one_lookup(tmp_path, cache)


async def test_reload_forgets_nothing(tmp_path: Path) -> None:
    """SIGHUP: what is known of networks stays, also in memory alone."""
    async with (
        registry(FakeRDAP(NETWORKS).answer, None) as asked,
        reporting(tmp_path, Script(), asking(asked.base)) as world,
    ):
        await desk_is_found(world)
        world.daemon.signal(SIGHUP)
        await world.daemon.saw("configuration reloaded")
        await desk_is_found(world)
        assert len(asked.requests) == 1


async def test_never_there(tmp_path: Path) -> None:
    """Without its Redis the daemon does its work, and says so in one line."""
    cache = f"backend: redis, redis: {{server: '127.0.0.1:{free_port()}'}}"
    async with (
        registry(FakeRDAP(NETWORKS).answer, None) as asked,
        reporting(tmp_path, Script(), sharing(asked.base, cache)) as world,
    ):
        await desk_is_found(world)
        await desk_is_found(world)
        await world.daemon.saw("it refuses connections; going on without it")
        assert world.daemon.log.count("going on without it") == 1
        assert len(asked.requests) == 1, "our own table serves"


@pytest.mark.peer
async def test_killed_and_back(tmp_path: Path) -> None:
    """Redis dies and comes back empty: nothing is lost, and each is told once."""
    port = free_port()
    cache = f"backend: redis, redis: {{server: '127.0.0.1:{port}'}}"
    async with (
        registry(FakeRDAP(NETWORKS).answer, None) as asked,
        reporting(tmp_path, Script(), sharing(asked.base, cache)) as world,
    ):
        with engines.redis(port=port):
            await desk_is_found(world)
        others = other_networks()
        await relay_is_looked_up(world, next(others))
        await world.daemon.saw("going on without it")
        with engines.redis(port=port):
            for _ in range(TRIES):
                await relay_is_looked_up(world, next(others))
                if "answers again" in world.daemon.log:
                    break
                await pause(0.1)
            await world.daemon.saw("answers again")
            await desk_is_found(world)
        assert asked.paths.count("/ip/11.22.33.44") == 1


def other_networks() -> Iterator[bytes]:
    """Addresses of which nothing is known, in networks of their own."""
    return (b"11.%d.%d.1" % (n // 250 + 30, n % 250) for n in count())


async def relay_is_looked_up(world: World, ip: bytes) -> None:
    assert (await world.post(SPAM.replace(b"11.22.33.44", ip)))["warnings"]
