"""A cache whose servers are all down."""

from collections.abc import Iterable, Mapping

from attrs import define


@define
class SilentCache:
    """Implements `sc.store.cache.Cache`, and knows nothing."""

    async def get_many(self, keys: Iterable[str]) -> Mapping[str, bytes]:
        return {}

    async def set_many(self, values: Mapping[str, bytes], ttl: float) -> None:
        """It is gone."""

    async def add_many(
        self, amounts: Mapping[str, int], ttl: float
    ) -> Mapping[str, int]:
        return {}

    async def close(self) -> None:
        """There is no socket."""
