"""Samples keep their values on the way between forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from parley.signal.pcm import from_s16, mix, to_float, to_s16

SHAPES = hnp.array_shapes(min_dims=1, max_dims=2, max_side=64)
S16 = hnp.arrays(np.int16, SHAPES)
WHATEVER = hnp.arrays(np.float64, SHAPES, elements=st.floats(allow_nan=True, allow_infinity=True, width=64))
LEVELS = st.floats(-1, 1, width=32)


@given(S16)
def test_16_bit_comes_back_unchanged(samples: np.ndarray) -> None:
    assert np.array_equal(to_s16(to_float(samples)), samples)
    assert np.array_equal(to_s16(from_s16(samples)), samples)


@given(hnp.arrays(np.int32, SHAPES))
def test_32_bit_loses_less_than_half_a_step(samples: np.ndarray) -> None:
    exact = np.clip(samples / 2.0**16, -32768, 32767)
    # The float between has 24 bits, so a half may round either way.
    assert np.all(np.abs(to_s16(to_float(samples)) - exact) <= 0.5 + 1e-2)


@given(hnp.arrays(np.uint8, SHAPES))
def test_8_bit_has_silence_at_128(samples: np.ndarray) -> None:
    assert np.array_equal(to_s16(to_float(samples)), (samples.astype(np.int32) - 128) * 256)


@given(WHATEVER)
def test_any_float_becomes_a_finite_sample(samples: np.ndarray) -> None:
    with np.errstate(over="ignore"):
        for dtype in (np.float32, np.float64):
            given_samples = samples.astype(dtype)
            made = to_float(given_samples)
            assert made.dtype == np.float32
            assert made.shape == samples.shape
            assert np.all(np.isfinite(made))
            assert np.all(made[~np.isfinite(given_samples)] == 0)


@given(hnp.arrays(np.float32, SHAPES, elements=LEVELS))
def test_floats_in_range_are_rounded_and_clipped(samples: np.ndarray) -> None:
    expected = np.clip(np.round(samples.astype(np.float64) * 32768), -32768, 32767)
    assert np.array_equal(to_s16(samples), expected)
    assert to_s16(samples).dtype == np.dtype("<i2")


@given(hnp.arrays(np.float32, st.tuples(st.integers(1, 8), st.integers(0, 64)), elements=LEVELS))
def test_a_mix_is_the_mean(channels: np.ndarray) -> None:
    before = channels.copy()
    assert np.allclose(mix(channels), channels.astype(np.float64).mean(axis=0), atol=1e-6)
    assert np.array_equal(channels, before)


def test_loud_floats_keep_their_proportion_in_a_mix() -> None:
    assert mix(to_float(np.array([[1.5], [-0.5]]))) == pytest.approx([0.5])
    assert to_s16(np.array([2.0, -2.0], np.float32)).tolist() == [32767, -32768]


def test_other_types_are_no_samples() -> None:
    with pytest.raises(TypeError):
        to_float(np.array([1], np.uint16))
