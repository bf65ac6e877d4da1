"""Numbers for Prometheus, in a registry of the server's own.

Rooms know nothing of Prometheus: gauges, and counters that a room keeps itself, are read from
callables when the page is asked for; the rest is told by `count` and `observe`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from parley.telemetry.names import METRICS, Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Reading = float | Mapping[tuple[str, ...], float]
"""A number; for a metric with labels, a number for each combination of their values."""


class Metrics:
    """What `/metrics` shows. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._watched = _Watched()
        self._registry.register(self._watched)
        self._told: dict[Metric, Counter | Histogram] = {}

    def watch(self, metric: Metric, read: Callable[[], Reading]) -> None:
        """Read a gauge or a counter from `read` whenever the page is asked for; it must not block."""
        self._watched.sources[metric] = read

    def count(self, metric: Metric, *labels: str, amount: float = 1.0) -> None:
        """Add to a counter."""
        found = self._told.get(metric) or self._make(metric)
        if isinstance(found, Counter):
            (found.labels(*labels) if labels else found).inc(amount)

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Add a value to a histogram."""
        found = self._told.get(metric) or self._make(metric)
        if isinstance(found, Histogram):
            (found.labels(*labels) if labels else found).observe(value)

    def render(self) -> bytes:
        """The page, as Prometheus reads it."""
        return generate_latest(self._registry)

    def _make(self, metric: Metric) -> Counter | Histogram:
        arguments = (metric.name, metric.meaning, metric.labels)
        if metric.kind == "histogram":
            made = Histogram(*arguments, buckets=metric.buckets, registry=None)
        else:
            made = Counter(*arguments, registry=None)
        # Two threads may come here at once; the first one's stays.
        kept = self._told.setdefault(metric, made)
        if kept is made:
            self._registry.register(made)
        return kept


class _Watched(Collector):
    """Asks the sources when the page is asked for, in the order of the names."""

    def __init__(self) -> None:
        self.sources: dict[Metric, Callable[[], Reading]] = {}

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        for metric in METRICS:
            if (read := self.sources.get(metric)) is not None:
                yield _family(metric, read())


def _family(metric: Metric, reading: Reading) -> GaugeMetricFamily | CounterMetricFamily:
    kind = GaugeMetricFamily if metric.kind == "gauge" else CounterMetricFamily
    family = kind(metric.name, metric.meaning, labels=metric.labels)
    by_labels = reading if isinstance(reading, Mapping) else {(): reading}
    for labels, value in by_labels.items():
        family.add_metric(labels, value)
    return family
