"""What a monitoring system reads at `GET /metrics`, in Prometheus' text format.

Label values come from closed sets: names of the configuration and words of our own.
No user, no address and no symbol is ever one: each value costs memory for ever, and a
stranger would choose how much.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics import MetricWrapperBase

from sc.model.decision import Decision
from sc.model.report import ReportState
from sc.model.status import Health, ScannerStatus
from sc.model.verdict import ScannerResult, State

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Each series would have a second one that says when it began.
disable_created_metrics()

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
DELAYS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)

M = TypeVar("M", bound=MetricWrapperBase)


class Metrics:
    """
    Counts while the daemon lives; what can be looked up is looked up at each scrape.

    The registry is our own: the library's global one has what other code put there.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._scan_metrics()
        self._state_metrics()
        # Half of the time goes into finding the series of some labels.
        self._scan_of = cache(self._scans.labels)
        self._scan_seconds_of = cache(self._scan_seconds.labels)
        self._scanner_seconds_of = cache(self._scanner_seconds.labels)
        ProcessCollector(registry=self._registry)

    def _scan_metrics(self) -> None:
        self._scans = self._made(
            Counter,
            "scans",
            "Messages scanned",
            ("listener", "direction", "action", "reason"),
        )
        self._scan_seconds = self._timed(
            "scan_seconds", "From a whole message to its decision", ("listener",)
        )
        self._scanner_seconds = self._timed(
            "scanner_seconds", "A scanner's look at a message", ("scanner", "result")
        )
        self._limited = self._made(
            Counter, "limited", "Messages above a limit of their user", ("limit",)
        )
        self._incidents = self._made(
            Counter, "incidents", "Outbreaks of users that this node opened"
        )
        self._refused = self._made(
            Counter, "refused", "Requests refused at a door", ("listener", "why")
        )

    def _state_metrics(self) -> None:
        self._health = self._made(
            Gauge, "scanner_health", "1 for what a scanner is", ("scanner", "health")
        )
        self._open_incidents = self._made(
            Gauge, "incidents_open", "Outbreaks of users that are open, on all nodes"
        )
        self._reports = self._made(
            Gauge, "outbox_reports", "Reports in the outbox", ("state",)
        )
        self._oldest = self._made(
            Gauge, "outbox_oldest_seconds", "Age of the oldest report that waits"
        )
        self._store = self._made(
            Gauge, "store_up", "Whether the store answered this scrape"
        )
        self._connections = self._made(
            Gauge, "connections", "Open connections", ("listener",)
        )
        self._lookups = self._made(
            Counter, "cache_lookups", "Keys asked of the cache", ("kind", "result")
        )
        self._delay = Histogram(
            "sc_loop_delay_seconds",
            "How late the event loop came to a timer",
            registry=self._registry,
            buckets=DELAYS,
        )

    def _made(
        self, kind: type[M], name: str, text: str, labels: Sequence[str] = ()
    ) -> M:
        return kind(f"sc_{name}", text, labels, registry=self._registry)

    def _timed(self, name: str, text: str, labels: Sequence[str]) -> Histogram:
        return Histogram(
            f"sc_{name}", text, labels, registry=self._registry, buckets=SECONDS
        )

    # -- while it happens

    def scanned(
        self,
        listener: str,
        direction: str,
        decision: Decision,
        results: Sequence[ScannerResult],
        seconds: float,
    ) -> None:
        """@param decision: the one that the mail log's line tells."""
        action = decision.action.value.replace(" ", "_")
        self._scan_of(listener, direction, action, decision.reason.value).inc()
        self._scan_seconds_of(listener).observe(seconds)
        for result in results:
            if result.state is State.SKIPPED and not result.seconds:
                continue  # It was not asked: `sc_scanner_health` says why.
            looked = self._scanner_seconds_of(result.scanner, result.state.value)
            looked.observe(result.seconds)

    def refused(self, listener: str, why: str) -> None:
        """@param why: a word or a status code of ours, never the client's."""
        self._refused.labels(listener, why).inc()

    def limited(self, limit: str) -> None:
        self._limited.labels(limit).inc()

    def incident(self) -> None:
        self._incidents.inc()
        self._open_incidents.inc()

    def looked_up(self, kind: str, hits: int, misses: int) -> None:
        """@param kind: of the keys, as our own code begins them."""
        self._lookups.labels(kind, "hit").inc(hits)
        self._lookups.labels(kind, "miss").inc(misses)

    def delayed(self, seconds: float) -> None:
        self._delay.observe(seconds)

    # -- at a scrape

    def tell_scanners(self, statuses: Sequence[ScannerStatus]) -> None:
        """A scanner that a reload took away is told no longer."""
        self._health.clear()
        for status in statuses:
            for health in Health:
                found = float(status.health is health)
                self._health.labels(status.name, health.value).set(found)

    def tell_outbox(self, counts: Mapping[ReportState, int], oldest: float) -> None:
        """@param oldest: seconds for which the oldest report waits."""
        for state in ReportState:
            self._reports.labels(state.value).set(counts.get(state, 0))
        self._oldest.set(oldest)

    def tell_store(self, *, up: bool) -> None:
        """What lies in a store that is down is not told: old numbers would lie."""
        self._store.set(float(up))
        if not up:
            self._reports.clear()
            self._oldest.set(float("nan"))

    def tell_incidents(self, count: int) -> None:
        self._open_incidents.set(count)

    def tell_connections(self, counts: Mapping[str, int]) -> None:
        for listener, count in counts.items():
            self._connections.labels(listener).set(count)

    def text(self) -> bytes:
        """Everything, as it is now."""
        return generate_latest(self._registry)
