"""Estimates of waits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.jobs.estimate import LEAST_S, PRIOR_S_PER_BYTE, Pace, wait_s

seconds = st.floats(0, 1e4)


def test_before_anything_is_measured_there_is_a_prior() -> None:
    assert Pace().job_s(".m4a", 16_000 * 60) == pytest.approx(LEAST_S + 6.0)
    assert Pace().s_per_byte == PRIOR_S_PER_BYTE


def test_kinds_of_files_have_their_own_speed_and_unknown_ones_the_common() -> None:
    pace = Pace()
    pace.learn(".wav", 1_000_000, LEAST_S + 1.0)
    pace.learn(".m4a", 100_000, LEAST_S + 1.0)
    assert pace.job_s(".wav", 2_000_000) == pytest.approx(LEAST_S + 2.0)
    assert pace.job_s(".m4a", 200_000) == pytest.approx(LEAST_S + 2.0)
    assert pace.job_s(".wav", 100_000) < pace.job_s(".mp3", 100_000) < pace.job_s(".m4a", 100_000)


def test_recent_jobs_count_more() -> None:
    pace = Pace()
    for _ in range(10):
        pace.learn(".wav", 1_000_000, LEAST_S + 1.0)
    for _ in range(6):
        pace.learn(".wav", 1_000_000, LEAST_S + 11.0)
    assert 9.0 < pace.job_s(".wav", 1_000_000) - LEAST_S < 11.0


@given(st.lists(st.tuples(st.text(max_size=8), st.integers(-1, 10**10), st.floats(-1, 1e6)), max_size=100))
def test_whatever_is_learned_a_job_takes_some_time(measured: list[tuple[str, int, float]]) -> None:
    pace = Pace()
    for one in measured:
        pace.learn(*one)
    assert LEAST_S <= pace.job_s(".wav", 10**9) < float("inf")


def test_waits_by_hand() -> None:
    assert wait_s([], [], 1) == 0
    assert wait_s([5.0], [], 1) == 5.0
    assert wait_s([5.0], [3.0], 1) == 8.0
    assert wait_s([5.0, 1.0], [3.0], 2) == 4.0
    assert wait_s([5.0], [], 2) == 0
    assert wait_s([5.0, 1.0, 3.0], [], 1) == 5.0


@given(st.lists(seconds, max_size=6), st.lists(seconds, max_size=20), st.integers(1, 5), seconds)
def test_more_work_ahead_never_shortens_a_wait(
    running: list[float], ahead: list[float], slots: int, one_more: float
) -> None:
    wait = wait_s(running, ahead, slots)
    assert 0 <= wait <= sum(running) + sum(ahead) + 1e-6
    assert wait_s(running, [*ahead, one_more], slots) >= wait
    assert wait_s(running, ahead, slots + 1) <= wait
