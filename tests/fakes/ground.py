"""What scanners stand on, without threads and without a network."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock

from sc.model.envelope import Direction
from sc.net.fetcher import FetcherSettings, GuardedFetcher
from sc.net.resolver import Destinations, DNSResolver, ResolverSettings
from sc.programs.scratch import Scratch
from sc.scanners.ground import Ground
from sc.store.memory_cache import MemoryCache
from tests.fakes.inline_offload import inline
from tests.fakes.senders import senders


def ground(
    zone: Mapping[str, Sequence[Mapping[str, Any] | str]] | None = None,
    clock: IReactorTime | None = None,
    direction: Direction = Direction.INBOUND,
) -> Ground:
    """@param zone: what the senders' domains say; the resolver itself asks nobody."""
    clock = clock or Clock()
    offload = inline()
    resolver = DNSResolver(ResolverSettings(servers=("127.0.0.1:1",)), clock)
    anywhere = FetcherSettings(Destinations.ANY, timeout=5.0)
    return Ground(
        clock,
        offload,
        senders(zone, clock, direction),
        resolver,
        MemoryCache(clock),
        Scratch(Path("/nonexistent"), offload),
        GuardedFetcher(clock, resolver, anywhere),
    )
