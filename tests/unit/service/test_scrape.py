"""sc.service.scrape: what is looked up when somebody asks for the metrics."""

from pathlib import Path

from twisted.internet.defer import Deferred

from sc.metrics import Metrics
from sc.service.scrape import Scrape
from tests.fakes.http_door import STATUSES
from tests.fakes.metrics import values
from tests.fakes.outbox import Bench, report


async def test_scrape(tmp_path: Path) -> None:
    """Health, connections and the outbox are those of this moment."""
    bench, metrics = Bench.make(tmp_path / "store.db"), Metrics()
    scrape = Scrape(metrics, bench.outbox, lambda: STATUSES, lambda: {"http": 2})
    await bench.outbox.add(report())
    bench.clock.advance(40.0)
    await bench.outbox.add(report("another"))
    assert b'sc_connections{listener="http"} 2.0\n' in await scrape.text()
    assert values(metrics, "sc_outbox_reports")["queued",] == 2.0
    assert values(metrics, "sc_outbox_oldest_seconds")[()] == 40.0
    assert values(metrics, "sc_scanner_health")["failing", "clamav"] == 1.0
    await bench.store.close()


async def test_store_is_closed(tmp_path: Path) -> None:
    """A store that fails is a metric, not an error."""
    bench, metrics = Bench.make(tmp_path / "store.db"), Metrics()
    await bench.store.close()
    scrape = Scrape(metrics, bench.outbox, lambda: STATUSES, dict)
    assert b"sc_store_up 0.0\n" in await Deferred.fromCoroutine(scrape.text())
