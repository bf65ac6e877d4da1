"""Percentiles of numbers that are observed."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], part: float) -> float:
    """The least of the values that so large a part of them does not exceed; 0 of none."""
    if not values:
        return 0.0
    return float(sorted(values)[math.ceil(part * len(values)) - 1])
