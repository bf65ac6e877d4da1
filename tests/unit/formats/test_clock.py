from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.formats.clock import clock, span_ms, timestamp, to_ms


@pytest.mark.parametrize(
    ("seconds", "ms"),
    [
        (0, 0),
        (0.0004999, 0),
        (0.0005, 1),
        (1.0005, 1001),
        (2.0015, 2002),
        (0.1 + 0.2, 300),
        (59.9995, 60_000),
        (3599.9996, 3_600_000),
        (-0.02, 0),
        (1e8, 100_000_000_000),
        (5e-324, 0),
    ],
)
def test_half_milliseconds_round_up_as_printed(seconds: float, ms: int) -> None:
    assert to_ms(seconds) == ms


@given(st.floats(0, 1e8))
def test_rounding_is_off_by_half_a_millisecond_at_most(seconds: float) -> None:
    assert abs(Decimal(to_ms(seconds)) / 1000 - Decimal(repr(seconds))) <= Decimal("0.0005")


@given(st.integers(0, 10**10))
def test_milliseconds_survive_a_round_trip(ms: int) -> None:
    assert to_ms(ms / 1000) == ms


@given(st.floats(0, 1e8), st.floats(0, 1e8))
def test_rounding_keeps_order(first: float, second: float) -> None:
    assert (to_ms(first) <= to_ms(second)) or first > second


def test_an_end_before_the_start_counts_as_the_start() -> None:
    assert span_ms(2.0, 1.0) == (2000, 2000)


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (0, "00:00:00,000"),
        (59_999, "00:00:59,999"),
        (60_000, "00:01:00,000"),
        (3_599_999, "00:59:59,999"),
        (3_600_000, "01:00:00,000"),
        (360_000_007, "100:00:00,007"),
    ],
)
def test_timestamps(ms: int, shown: str) -> None:
    assert timestamp(ms, ",") == shown
    assert clock(ms) == shown[:-4]
