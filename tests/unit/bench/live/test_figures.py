"""Percentiles, and the search for the largest number that holds."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.bench.live.delays import delays, percentile
from parley.bench.live.search import largest


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=50), st.floats(0, 100))
def test_percentiles_are_those_of_numpy(values: list[float], percent: float) -> None:
    assert percentile(sorted(values), percent) == pytest.approx(np.percentile(values, percent), abs=1e-9)


def test_delays_are_summed_up_less_what_is_not_theirs() -> None:
    found = delays([0.9, 0.7, 0.8], less_s=0.7)
    assert found is not None
    assert (found.p50_s, found.longest_s, found.count) == (
        pytest.approx(0.1),
        pytest.approx(0.2),
        3,
    )
    assert delays([]) is None
    assert percentile([], 95) == 0.0


def _search(limit: int, first: int, most: int, trials: int = 50) -> tuple[int, int | None, list[int]]:
    tried: list[int] = []

    async def holds(number: int) -> bool:
        tried.append(number)
        return number <= limit

    found = asyncio.run(largest(holds, first, most, trials))
    assert found.trials == len(tried)
    return found.holds, found.fails, tried


@given(st.integers(0, 400), st.integers(1, 400), st.integers(1, 500))
def test_the_search_ends_close_to_the_largest_number(limit: int, first: int, most: int) -> None:
    holds, fails, tried = _search(limit, first, most)
    assert len(set(tried)) == len(tried) <= 20
    assert max(tried) <= most
    assert holds == max((number for number in tried if number <= limit), default=0)
    if fails is None:
        assert holds == most
    else:
        assert holds <= limit < fails
        assert fails - holds <= max(1, holds * 0.08)


def test_the_search_is_bounded_by_trials() -> None:
    holds, fails, tried = _search(limit=10**6, first=1, most=10**6, trials=3)
    assert (holds, fails, tried) == (3, None, [1, 2, 3])
