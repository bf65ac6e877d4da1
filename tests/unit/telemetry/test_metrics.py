import re

from parley.telemetry import names
from parley.telemetry.metrics import Metrics


def lines(metrics: Metrics) -> list[str]:
    return [line for line in metrics.render().decode().splitlines() if not line.startswith("#")]


def test_names_are_unique_and_explained() -> None:
    assert len({metric.name for metric in names.METRICS}) == len(names.METRICS) > 20
    for metric in names.METRICS:
        assert re.fullmatch(r"parley_[a-z0-9_]+", metric.name)
        assert metric.meaning.endswith(".")
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert bool(metric.buckets) == (metric.kind == "histogram")


def test_gauges_are_read_when_the_page_is_asked_for() -> None:
    metrics = Metrics()
    waiting = [3.0]
    metrics.watch(names.QUEUE_WAITING, lambda: waiting[0])
    metrics.watch(names.WORKERS, lambda: {("speech", "alive"): 2.0, ("media", "alive"): 1.0})
    assert "parley_queue_waiting_tasks 3.0" in lines(metrics)
    waiting[0] = 4.0
    assert "parley_queue_waiting_tasks 4.0" in lines(metrics)
    assert 'parley_workers{pool="speech",state="alive"} 2.0' in lines(metrics)


def test_counters_are_counted_or_read() -> None:
    metrics = Metrics()
    metrics.count(names.NOTIFICATIONS, "webhook", "sent")
    metrics.count(names.NOTIFICATIONS, "webhook", "sent", amount=2)
    metrics.watch(names.CACHE_HITS, lambda: 7)
    metrics.count(names.UPLOAD_BYTES, amount=1000)
    found = lines(metrics)
    assert 'parley_notifications_total{outcome="sent",target="webhook"} 3.0' in found
    assert "parley_cache_hits_total 7.0" in found
    assert "parley_upload_bytes_total 1000.0" in found


def test_histograms_have_the_buckets_of_their_name() -> None:
    metrics = Metrics()
    metrics.observe(names.STAGE_SECONDS, 0.7, "recognise")
    metrics.observe(names.LOOP_LAG, 0.003)
    found = lines(metrics)
    assert 'parley_stage_seconds_bucket{le="0.5",stage="recognise"} 0.0' in found
    assert 'parley_stage_seconds_bucket{le="1.0",stage="recognise"} 1.0' in found
    assert 'parley_event_loop_lag_seconds_bucket{le="0.005"} 1.0' in found
    assert "parley_event_loop_lag_seconds_count 1.0" in found


def test_every_metric_has_its_help_on_the_page() -> None:
    metrics = Metrics()
    for metric in names.METRICS:
        labels = ["x"] * len(metric.labels)
        if metric.kind == "gauge":
            metrics.watch(metric, lambda labels=tuple(labels): {labels: 1.0})
        elif metric.kind == "counter":
            metrics.count(metric, *labels)
        else:
            metrics.observe(metric, 1.0, *labels)
    page = metrics.render().decode()
    for metric in names.METRICS:
        assert f"# HELP {metric.name} {metric.meaning}\n" in page


def test_registries_are_apart() -> None:
    one, other = Metrics(), Metrics()
    one.count(names.UPLOAD_BYTES)
    assert lines(one)
    assert not lines(other)
