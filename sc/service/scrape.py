"""One answer to `GET /metrics`: what was counted, and what is looked up for it."""

from collections.abc import Callable, Mapping

from attrs import frozen

from sc.metrics import Metrics
from sc.model.status import ScannerStatus
from sc.outbox.outbox import Outbox
from sc.store.interface import StoreError


@frozen
class Scrape:
    """
    @ivar connections: open ones, by listener.
    """

    metrics: Metrics
    outbox: Outbox
    statuses: Callable[[], tuple[ScannerStatus, ...]]
    connections: Callable[[], Mapping[str, int]]

    async def text(self) -> bytes:
        """A store that is down must not hide the rest."""
        self.metrics.tell_scanners(self.statuses())
        self.metrics.tell_connections(self.connections())
        try:
            census = await self.outbox.census()
        except StoreError:
            self.metrics.tell_store(up=False)
        else:
            self.metrics.tell_store(up=True)
            self.metrics.tell_outbox(census.counts, census.oldest)
        return self.metrics.text()
