"""What may be lost, behind one interface: memory, Redis or memcached.

Losing it loses nothing but time. So nothing here fails: a cache that is down knows
nothing, and what it is told is gone.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

MAX_TTL = 2_592_000
"""Seconds: memcached takes more than 30 days for a date."""


class Cache(Protocol):
    """
    Octets by key, for a while.

    Keys are texts of any kind: `kind:what`, with a `kind` of its own for each user.
    Others may write to a shared cache: check what you read like any stranger's
    input, and never unpickle it.
    """

    async def get_many(self, keys: Iterable[str]) -> Mapping[str, bytes]:
        """What is known of these keys, in one round trip. Never fails."""
        ...

    async def set_many(self, values: Mapping[str, bytes], ttl: float) -> None:
        """
        Remember these for `ttl` seconds, or for a shorter time; a value above
        `MAX_VALUE` (64 KiB) is not kept. Never fails.
        """
        ...

    async def add_many(
        self, amounts: Mapping[str, int], ttl: float
    ) -> Mapping[str, int]:
        """
        Add to counters, each at once for all nodes, in one round trip. They begin at
        0, last for `ttl` seconds at least, and have keys that no value has. 0 only
        reads.

        What they are now; one that is not there could not be counted. Never fails.
        """
        ...

    async def close(self) -> None:
        """Return when no socket is left."""
        ...
