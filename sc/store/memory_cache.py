"""The cache of one process."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from attrs import define, field
from twisted.internet.interfaces import IReactorTime

from sc.store.cache import MAX_TTL
from sc.wire.cache_codec import MAX_VALUE

MAX_ENTRIES = 50_000
MAX_OCTETS = 64 * 1024 * 1024
"""Above either, what was used least recently is forgotten first."""


@define(eq=False)
class MemoryCache:
    """
    @ivar cleanup_interval: seconds between two sweeps of what has expired.
    @ivar max_octets: of all keys and values.
    """

    _clock: IReactorTime
    _cleanup_interval: float = 3600.0
    _max_entries: int = MAX_ENTRIES
    _max_octets: int = MAX_OCTETS
    _entries: OrderedDict[str, tuple[float, bytes]] = field(
        factory=OrderedDict, init=False
    )
    _octets: int = field(default=0, init=False)
    _swept: float = field(default=0.0, init=False)

    def __attrs_post_init__(self) -> None:
        self._swept = self._clock.seconds()

    @property
    def held(self) -> int:
        """Entries, those that have expired and were not yet swept included."""
        return len(self._entries)

    async def get_many(self, keys: Iterable[str]) -> Mapping[str, bytes]:
        """See `Cache.get_many`."""
        now, found = self._clock.seconds(), {}
        for key in keys:
            expires, value = self._entries.get(key, (0.0, b""))
            if expires > now:
                self._entries.move_to_end(key)
                found[key] = value
        return found

    async def set_many(self, values: Mapping[str, bytes], ttl: float) -> None:
        """See `Cache.set_many`."""
        now = self._clock.seconds()
        for key, value in values.items():
            if len(value) <= MAX_VALUE:
                self._forget(key)
                self._entries[key] = (now + min(ttl, MAX_TTL), value)
                self._octets += len(key) + len(value)
        if now - self._swept >= self._cleanup_interval:
            self._sweep(now)
        while self._is_full:
            self._forget(next(iter(self._entries)))

    async def add_many(
        self, amounts: Mapping[str, int], ttl: float
    ) -> Mapping[str, int]:
        """See `Cache.add_many`."""
        known = await self.get_many(amounts)
        now = {
            key: int(known.get(key, b"0")) + amount
            for key, amount in amounts.items()
            if known.get(key, b"0").isdigit()
        }
        await self.set_many({key: b"%d" % count for key, count in now.items()}, ttl)
        return now

    async def close(self) -> None:
        """See `Cache.close`."""
        self._entries.clear()
        self._octets = 0

    @property
    def _is_full(self) -> bool:
        return len(self._entries) > self._max_entries or self._octets > self._max_octets

    def _sweep(self, now: float) -> None:
        self._swept = now
        for key in [k for k, (expires, _) in self._entries.items() if expires <= now]:
            self._forget(key)

    def _forget(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._octets -= len(key) + len(entry[1])
