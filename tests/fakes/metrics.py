"""Reads metrics as Prometheus does."""

from prometheus_client.parser import text_string_to_metric_families

from sc.metrics import Metrics


def values(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """The samples of this name, by the values of their labels, which are sorted."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
        if sample.name == name
    }
