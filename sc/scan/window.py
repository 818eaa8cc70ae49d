"""Counts of the last hour, or another window, that all nodes share.

Two fixed buckets stand for a sliding window: that of now, and as much of the one
before as the window still covers. A server of the cache can count, but not slide.
"""

from collections.abc import Mapping
from hashlib import blake2b

from attrs import frozen
from twisted.internet.interfaces import IReactorTime

from sc.store.cache import Cache


@frozen
class Window:
    """
    @ivar kind: begins the keys; each user of windows has one.
    @ivar seconds: how far back it reaches.
    """

    cache: Cache
    clock: IReactorTime
    kind: str
    seconds: float = 3600.0

    async def add(
        self, who: str, amounts: Mapping[str, int]
    ) -> Mapping[str, float] | None:
        """
        Add to these counts of somebody; 0 only reads.

        @return: what they are now; None if the cache does not tell.
        """
        bucket, passed = divmod(self.clock.seconds(), self.seconds)
        now = {name: self._key(who, name, bucket) for name in amounts}
        before = {name: self._key(who, name, bucket - 1) for name in amounts}
        adding = {now[name]: amount for name, amount in amounts.items()}
        told = await self.cache.add_many(
            adding | dict.fromkeys(before.values(), 0), 2 * self.seconds
        )
        if len(told) < 2 * len(amounts):
            return None
        left = 1.0 - passed / self.seconds
        return {name: told[now[name]] + told[before[name]] * left for name in amounts}

    def _key(self, who: str, name: str, bucket: float) -> str:
        # Who may be of any length, and is nobody's business at the cache.
        digest = blake2b(who.lower().encode(), digest_size=16).hexdigest()
        return f"{self.kind}:{digest}:{name}:{bucket:.0f}"
