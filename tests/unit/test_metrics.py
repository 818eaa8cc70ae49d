"""sc.metrics: what a monitoring system reads."""

import math
from datetime import UTC, datetime

import pytest

from sc.metrics import Metrics
from sc.model.report import ReportState
from sc.model.status import Health, ScannerStatus
from sc.model.verdict import ScannerResult, State
from tests.fakes.flow import CLEAN, SPAM
from tests.fakes.metrics import values

SINCE = datetime(2026, 1, 2, tzinfo=UTC)


def test_scans() -> None:
    """Each scan counts under its listener, direction, action and reason."""
    metrics = Metrics()
    for decision in (CLEAN, SPAM, SPAM):
        metrics.scanned("spamd", "inbound", decision, (), 0.02)
    assert values(metrics, "sc_scans_total") == {
        ("no_action", "inbound", "spamd", "clean"): 1.0,
        ("reject", "inbound", "spamd", "spam"): 2.0,
    }
    assert values(metrics, "sc_scan_seconds_sum")["spamd",] == pytest.approx(0.06)


def test_scanners() -> None:
    """How long each scanner looked, and how often it failed."""
    metrics = Metrics()
    results = (
        ScannerResult("clamav", State.DONE, seconds=0.03),
        ScannerResult("spamassassin", State.ERROR, error="down"),
        ScannerResult("rspamd", State.SKIPPED, reason="too large", seconds=0.001),
        ScannerResult("dcc", State.SKIPPED, reason="switched off"),
    )
    metrics.scanned("http", "outbound", CLEAN, results, 0.05)
    assert values(metrics, "sc_scanner_seconds_count") == {
        ("done", "clamav"): 1.0,
        ("error", "spamassassin"): 1.0,
        ("skipped", "rspamd"): 1.0,
    }
    buckets = values(metrics, "sc_scanner_seconds_bucket")
    assert buckets["0.025", "done", "clamav"] == 0.0
    assert buckets["0.05", "done", "clamav"] == 1.0


def test_health() -> None:
    """One series for each state; a scanner that a reload took away has none."""
    metrics = Metrics()
    gone = ScannerStatus("clamav", "socket", Health.UP, SINCE)
    metrics.tell_scanners([gone])
    metrics.tell_scanners([ScannerStatus("rspamd", "network", Health.FAILING, SINCE)])
    found = values(metrics, "sc_scanner_health")
    assert {labels for labels, value in found.items() if value} == {
        ("failing", "rspamd")
    }
    assert len(found) == len(Health)


def test_outbox() -> None:
    """Every state is told, so that an alert on one that is empty does not vanish."""
    metrics = Metrics()
    metrics.tell_store(up=True)
    metrics.tell_outbox({ReportState.FAILED: 3}, 90.0)
    reports = values(metrics, "sc_outbox_reports")
    assert len(reports) == len(ReportState)
    assert reports["failed",] == 3.0
    assert values(metrics, "sc_outbox_oldest_seconds") == {(): 90.0}
    assert values(metrics, "sc_store_up") == {(): 1.0}


def test_store_down() -> None:
    """What cannot be known is not told."""
    metrics = Metrics()
    metrics.tell_outbox({ReportState.FAILED: 3}, 90.0)
    metrics.tell_store(up=False)
    assert values(metrics, "sc_outbox_reports") == {}
    assert math.isnan(values(metrics, "sc_outbox_oldest_seconds")[()])
    assert values(metrics, "sc_store_up") == {(): 0.0}


def test_doors_cache_and_loop() -> None:
    """Connections, refusals, what the cache knew, and how late the loop was."""
    metrics = Metrics()
    metrics.tell_connections({"lmtp": 3, "http": 0})
    metrics.refused("http", "413")
    metrics.looked_up("contact", 2, 1)
    metrics.delayed(0.03)
    assert values(metrics, "sc_connections") == {("lmtp",): 3.0, ("http",): 0.0}
    assert values(metrics, "sc_refused_total") == {("http", "413"): 1.0}
    assert values(metrics, "sc_cache_lookups_total") == {
        ("contact", "hit"): 2.0,
        ("contact", "miss"): 1.0,
    }
    assert values(metrics, "sc_loop_delay_seconds_bucket")["0.05",] == 1.0


def test_process() -> None:
    """Memory, CPU and open files, for whoever has no node exporter."""
    assert values(Metrics(), "process_resident_memory_bytes")[()] > 0


def test_each_has_its_own() -> None:
    """Two daemons in one process do not count for each other."""
    first, second = Metrics(), Metrics()
    first.refused("http", "413")
    assert values(second, "sc_refused_total") == {}
    assert b"_created" not in first.text()
