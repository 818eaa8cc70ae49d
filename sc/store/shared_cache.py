"""The cache that several nodes share: which server has a key, and how it is spelled."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b, sha256
from math import ceil
from typing import Protocol, TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred, FirstError, gatherResults

from sc.store.cache import MAX_TTL
from sc.wire.cache_codec import MAX_KEYS, MAX_VALUE

T = TypeVar("T")

MAX_KEY = 250
"""Octets that memcached takes; and neither blanks nor control characters."""


class Server(Protocol):
    """What `sc.net.cache_server.CacheServer` does. None of it fails."""

    @property
    def name(self) -> str: ...

    async def get(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]: ...

    async def put(self, values: Mapping[bytes, bytes], ttl: int) -> None: ...

    async def add(
        self, amounts: Mapping[bytes, int], ttl: int
    ) -> Mapping[bytes, int]: ...

    async def close(self) -> None: ...


@define(eq=False)
class SharedCache:
    """
    Every key has its place on one server, on every node the same. What a server that
    is down has known is not looked for elsewhere.

    @ivar namespace: begins every key.
    """

    _servers: Sequence[Server] = field()
    _namespace: str

    async def get_many(self, keys: Iterable[str]) -> Mapping[str, bytes]:
        """See `Cache.get_many`."""
        spelled = {self._spelled(key): key for key in keys}
        asking = [
            Deferred.fromCoroutine(server.get(part))
            for server, mine in self._placed(spelled)
            for part in _parts(mine)
        ]
        found = await _all(asking)
        return {
            spelled[key]: value for answer in found for key, value in answer.items()
        }

    async def set_many(self, values: Mapping[str, bytes], ttl: float) -> None:
        """See `Cache.set_many`."""
        fitting = {
            self._spelled(key): value
            for key, value in values.items()
            if len(value) <= MAX_VALUE
        }
        seconds = _seconds(ttl)
        telling = [
            Deferred.fromCoroutine(server.put({k: fitting[k] for k in part}, seconds))
            for server, mine in self._placed(fitting)
            for part in _parts(mine)
        ]
        await _all(telling)

    async def add_many(
        self, amounts: Mapping[str, int], ttl: float
    ) -> Mapping[str, int]:
        """See `Cache.add_many`."""
        spelled = {self._spelled(key): key for key in amounts}
        seconds = _seconds(ttl)
        adding = [
            Deferred.fromCoroutine(
                server.add({k: amounts[spelled[k]] for k in part}, seconds)
            )
            for server, mine in self._placed(spelled)
            for part in _parts(mine)
        ]
        counted = await _all(adding)
        return {spelled[key]: now for answer in counted for key, now in answer.items()}

    async def close(self) -> None:
        """See `Cache.close`."""
        for server in self._servers:
            await server.close()

    def _spelled(self, key: str) -> bytes:
        whole = f"{self._namespace}:{key}".encode()
        if len(whole) <= MAX_KEY and all(0x20 < octet < 0x7F for octet in whole):
            return whole
        return f"{self._namespace}:{sha256(key.encode()).hexdigest()}".encode()

    def _placed(self, keys: Iterable[bytes]) -> list[tuple[Server, list[bytes]]]:
        """
        The keys of each server. Rendezvous hashing: with one server more or fewer,
        only its own keys move.
        """
        if len(self._servers) == 1:
            return [(self._servers[0], list(keys))]
        placed: list[list[bytes]] = [[] for _ in self._servers]
        names = [server.name.encode() for server in self._servers]
        for key in keys:
            weights = [blake2b(name + b"\n" + key).digest() for name in names]
            placed[weights.index(max(weights))].append(key)
        return list(zip(self._servers, placed, strict=True))


def _seconds(ttl: float) -> int:
    """Never 0, which is for ever to memcached and an error to Redis."""
    return max(1, min(ceil(ttl), MAX_TTL))


def _parts(keys: Sequence[bytes]) -> list[Sequence[bytes]]:
    return [keys[i : i + MAX_KEYS] for i in range(0, len(keys), MAX_KEYS)]


async def _all(work: Sequence[Deferred[T]]) -> list[T]:
    try:
        return await gatherResults(work, consumeErrors=True)
    except FirstError as e:  # So Twisted wraps it when the whole is cancelled.
        raise (e.subFailure.value or e) from None
