"""How long things may take."""

from __future__ import annotations

import pytest

from parley.fleet.limits import FleetLimits
from parley.settings import Settings


@pytest.mark.parametrize(
    ("models_mib", "expected_s"), [(0, 120.0), (80, 128.0), (4500, 570.0), (100_000, 600.0)]
)
def test_large_models_may_take_longer_to_load(models_mib: int, expected_s: float) -> None:
    assert FleetLimits().load_allowed(models_mib) == pytest.approx(expected_s)


def test_a_load_or_a_call_that_hangs_is_found_before_its_task_counts_as_stalled() -> None:
    limits, silence_s = FleetLimits(), Settings().queue.silence_s
    assert limits.load_allowed(1e9) + limits.load_deadline_s < silence_s
    assert limits.silence_allowed(1e9) + limits.load_deadline_s < silence_s
