"""Clauses at the rate of the client: exact in number, soft at their borders; and how they are paced."""

from __future__ import annotations

import asyncio

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from parley.synthesis.pacing import AHEAD_S, Pace
from parley.synthesis.resampling import Resampling

RATES = st.sampled_from([8000, 11025, 16000, 22050, 24000, 44100, 48000])


def tone(samples: int, rate_hz: int, pitch_hz: float = 400.0) -> bytes:
    at = np.arange(samples) / rate_hz
    return (16000 * np.cos(2 * np.pi * pitch_hz * at)).astype("<i2").tobytes()


async def convert(clauses: list[int], rate_hz: int, wanted_hz: int) -> list[np.ndarray]:
    made = Resampling(wanted_hz)
    return [np.frombuffer(await made.convert(tone(n, rate_hz), rate_hz), "<i2") for n in clauses]


@given(st.lists(st.integers(0, 5000), max_size=8), RATES, RATES)
def test_as_many_samples_come_out_as_go_in(clauses: list[int], rate_hz: int, wanted_hz: int) -> None:
    made = asyncio.run(convert(clauses, rate_hz, wanted_hz))
    taken = 0
    for clause, samples in zip(made, clauses, strict=True):
        taken += samples
        assert abs(len(clause) - samples * wanted_hz / rate_hz) <= 1
    assert abs(sum(map(len, made)) - taken * wanted_hz / rate_hz) <= 0.5


@given(RATES, RATES)
def test_a_clause_that_ends_in_the_middle_of_a_wave_does_not_click(rate_hz: int, wanted_hz: int) -> None:
    whole = np.concatenate(asyncio.run(convert([rate_hz // 7] * 3, rate_hz, wanted_hz))).astype(float)
    steps = np.abs(np.diff(whole))
    # A cosine of 400 Hz climbs so much between two samples; one that begins at its top would jump by 16000.
    assert steps.max() < 1.5 * 16000 * 2 * np.pi * 400 / wanted_hz + 16000 / (0.002 * wanted_hz)


def test_a_long_clause_is_as_good_as_a_short_one() -> None:
    [short] = asyncio.run(convert([24000], 24000, 48000))
    [long] = asyncio.run(convert([240_000], 24000, 48000))
    assert len(long) == 480_000
    middle = slice(4000, 40_000)
    assert np.abs(short[middle].astype(int) - long[middle]).max() <= 1


@given(st.lists(st.tuples(st.floats(0.0, 3.0), st.floats(0.01, 0.2)), max_size=60))
def test_a_paced_listener_is_never_far_ahead_nor_held_up(pieces: list[tuple[float, float]]) -> None:
    pace, now, plays_until = Pace(), 0.0, 0.0
    for late_s, seconds in pieces:
        now += late_s
        wait_s = pace.wait_s(now, seconds)
        assert 0.0 <= wait_s <= max(0.0, plays_until - now) + seconds
        now += wait_s
        pace.told(now, seconds)
        plays_until = max(plays_until, now) + seconds
        assert plays_until - now <= AHEAD_S + 1e-6
