"""How long things may take."""

from __future__ import annotations

import pytest

from parley.fleet.limits import FleetLimits


@pytest.mark.parametrize(
    ("models_mib", "expected_s"), [(0, 120.0), (80, 128.0), (4500, 570.0), (100_000, 1800.0)]
)
def test_large_models_may_take_longer_to_load(models_mib: int, expected_s: float) -> None:
    assert FleetLimits().load_allowed(models_mib) == pytest.approx(expected_s)
