"""Nobody asks faster than allowed, and the table stays small."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley.server.pace import Pace


def test_a_burst_and_then_the_rate():
    now = [0.0]
    pace = Pace(60, clock=lambda: now[0])
    assert all(pace.take("anna") == 0.0 for _ in range(60))
    assert pace.take("anna") == 1.0
    assert pace.take("bert") == 0.0
    now[0] = 1.0
    assert pace.take("anna") == 0.0
    assert pace.take("anna") > 0.0


def test_no_limit():
    pace = Pace(0)
    assert not any(pace.take("anna") for _ in range(1000))


@given(st.lists(st.floats(0.0, 10.0), max_size=300))
def test_never_more_than_twice_the_rate_in_a_minute(pauses: list[float]):
    now, passed = 0.0, []
    pace = Pace(10, clock=lambda: now)
    for pause in pauses:
        now += pause
        if pace.take("anna") == 0.0:
            passed.append(now)
    for first in passed:
        assert sum(first <= moment <= first + 60.0 for moment in passed) <= 20


def test_the_table_is_bounded():
    pace = Pace(10)
    for number in range(20_000):
        pace.take(str(number))
    assert len(pace._buckets) <= 10_000
