"""sc.store: the cache in memory, and which of several servers has a key."""

from collections.abc import Mapping, Sequence

import pytest
from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from sc.store.cache import MAX_TTL
from sc.store.memory_cache import MemoryCache
from sc.store.shared_cache import MAX_KEY, SharedCache


async def test_expired() -> None:
    """After its time a value is gone."""
    clock = Clock()
    cache = MemoryCache(clock)
    await cache.set_many({"a": b"1"}, 60.0)
    await cache.set_many({"b": b"1"}, 1e9)
    clock.advance(59.9)
    assert await cache.get_many(["a"]) == {"a": b"1"}
    clock.advance(0.1)
    assert await cache.get_many(["a", "b"]) == {"b": b"1"}
    clock.advance(MAX_TTL)
    assert await cache.get_many(["b"]) == {}


async def test_sweep() -> None:
    """What has expired gives its room back at the next interval."""
    clock = Clock()
    cache = MemoryCache(clock, 100.0)
    await cache.set_many({"a": b"1", "b": b"1"}, 60.0)
    clock.advance(99.0)
    await cache.set_many({"c": b"1"}, 60.0)
    assert cache.held == 3
    clock.advance(1.0)
    await cache.set_many({"d": b"1"}, 60.0)
    assert cache.held == 2
    await cache.close()
    assert cache.held == 0


async def test_bounds() -> None:
    """What was used least recently is forgotten, by number and by octets."""
    cache = MemoryCache(Clock(), max_entries=3, max_octets=100)
    for key in "abc":
        await cache.set_many({key: b"1"}, 60.0)
    await cache.get_many(["a"])
    await cache.set_many({"d": b"1"}, 60.0)
    assert set(await cache.get_many("abcd")) == {"a", "c", "d"}
    await cache.set_many({"e": bytes(97)}, 60.0)
    assert set(await cache.get_many("abcde")) == {"d", "e"}
    await cache.set_many({"e": b""}, 60.0)
    await cache.set_many({"f": b""}, 60.0)
    assert set(await cache.get_many("abcdef")) == {"d", "e", "f"}


@define
class Recorded:
    """A server that knows everything, and what it was told."""

    name: str
    asked: list[bytes] = field(factory=list)
    told: dict[bytes, bytes] = field(factory=dict)
    ttls: list[int] = field(factory=list)
    waiting: Deferred[None] | None = None

    async def get(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        self.asked += keys
        if self.waiting is not None:
            await self.waiting
        return dict.fromkeys(keys, b"1")

    async def put(self, values: Mapping[bytes, bytes], ttl: int) -> None:
        self.told.update(values)
        self.ttls.append(ttl)

    async def add(self, amounts: Mapping[bytes, int], ttl: int) -> Mapping[bytes, int]:
        self.asked += amounts
        self.ttls.append(ttl)
        return amounts

    async def close(self) -> None:
        """Nothing to close."""


KEYS = [f"key {n}" for n in range(300)]


async def _placed(*names: str) -> dict[bytes, str]:
    servers = [Recorded(name) for name in names]
    cache = SharedCache(servers, "ns")
    await cache.set_many(dict.fromkeys(KEYS, b"1"), 1.0)
    assert len(await cache.get_many(KEYS)) == len(KEYS)
    for server in servers:
        assert sorted(server.asked) == sorted(server.told)
    return {key: server.name for server in servers for key in server.told}


async def test_every_key_has_its_place() -> None:
    """On all servers about as many, whatever their order in the file."""
    placed = await _placed("a:1", "b:1", "c:1")
    assert placed == await _placed("c:1", "a:1", "b:1")
    for name in ("a:1", "b:1", "c:1"):
        assert 70 < list(placed.values()).count(name) < 130


async def test_one_server_less() -> None:
    """Only its own keys move."""
    before, after = await _placed("a:1", "b:1", "c:1"), await _placed("a:1", "b:1")
    assert all(after[k] == name for k, name in before.items() if name != "c:1")


async def test_spelling() -> None:
    """Keys begin with the namespace; one that memcached cannot take is hashed."""
    server = Recorded("a:1")
    cache = SharedCache([server], "ns")
    fits = "k" * (MAX_KEY - 3)
    await cache.set_many({"contact:r:192.0.2.0/24": b"", fits: b""}, 1.0)
    assert list(server.told) == [b"ns:contact:r:192.0.2.0/24", b"ns:" + fits.encode()]
    await cache.set_many(dict.fromkeys([fits + "k", "a b", "\x7f"], b""), 1.0)
    hashed = list(server.told)[2:]
    assert [len(key) for key in hashed] == [67, 67, 67]
    assert all(key.startswith(b"ns:") and key.isascii() for key in hashed)


@pytest.mark.parametrize(
    ("ttl", "seconds"), [(0.0, 1), (0.2, 1), (1.5, 2), (1e9, MAX_TTL)]
)
async def test_whole_seconds(ttl: float, seconds: int) -> None:
    """Never 0, which is for ever to memcached and an error to Redis."""
    server = Recorded("a:1")
    await SharedCache([server], "ns").set_many({"a": b""}, ttl)
    assert server.ttls == [seconds]


async def test_counters_have_their_place() -> None:
    """A counter lies on one server, with whole seconds to live."""
    servers = [Recorded(name) for name in ("a:1", "b:1", "c:1")]
    cache = SharedCache(servers, "ns")
    amounts = dict.fromkeys(KEYS, 1)
    assert await cache.add_many(amounts, 0.5) == amounts
    asked = [key for server in servers for key in server.asked]
    assert len(asked) == len(set(asked)) == len(KEYS)
    assert {ttl for server in servers for ttl in server.ttls} == {1}


async def test_counter_expires() -> None:
    """It begins anew at 0 when its time is over."""
    clock = Clock()
    cache = MemoryCache(clock)
    await cache.add_many({"n:a": 2}, 60.0)
    clock.advance(61.0)
    assert await cache.add_many({"n:a": 1}, 60.0) == {"n:a": 1}


async def test_leaving() -> None:
    """One who leaves is told of that, and of nothing else."""
    servers = [Recorded(name, waiting=Deferred()) for name in ("a:1", "b:1")]
    work = Deferred.fromCoroutine(SharedCache(servers, "ns").get_many(KEYS))
    work.cancel()
    with pytest.raises(CancelledError):
        await work
