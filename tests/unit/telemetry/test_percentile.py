"""Percentiles of numbers that are observed."""

from __future__ import annotations

from parley.telemetry.percentile import percentile


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile([], 0.95) == 0.0
    assert percentile([7], 0.95) == 7.0
    assert percentile(range(1, 101), 0.95) == 95.0
    assert percentile([3, 1, 2], 0.5) == 2.0
