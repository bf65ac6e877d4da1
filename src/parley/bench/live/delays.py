"""Many delays as a few numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """Seconds: the median, the 95th percentile and the longest of `count`."""

    p50_s: float
    p95_s: float
    longest_s: float
    count: int


def delays(values: Iterable[float], less_s: float = 0.0) -> Delays | None:
    """What `values` (seconds), each `less_s` shorter, come to; None where there are none."""
    found = sorted(value - less_s for value in values)
    if not found:
        return None
    return Delays(
        p50_s=percentile(found, 50), p95_s=percentile(found, 95), longest_s=found[-1], count=len(found)
    )


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Between the two nearest of the values, which are in order; 0 where there are none."""
    if not ordered:
        return 0.0
    place = (len(ordered) - 1) * percent / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
