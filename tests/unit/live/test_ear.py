from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.live.ear import QUIETEST_DBFS, Ear, level_dbfs
from parley.live.options import Encoding

ENCODINGS: tuple[Encoding, ...] = ("pcm16", "float32", "mulaw")
RATES = (8000, 11025, 12345, 16000, 22050, 24000, 32000, 44100, 48000)
SIZES = {"pcm16": 2, "float32": 4, "mulaw": 1}


def heard(ear: Ear, data: bytes, borders: Sequence[int] = ()) -> bytes:
    cuts = [0, *sorted(border for border in borders if border < len(data)), len(data)]
    pieces = [data[first:last] for first, last in pairwise(cuts)]
    return b"".join(ear.hear(piece) for piece in pieces) + ear.settle()


def sine(rate_hz: int, seconds: float, hertz: float = 440.0, size: float = 0.5) -> np.ndarray:
    return size * np.sin(2 * np.pi * hertz * np.arange(round(rate_hz * seconds)) / rate_hz)


def s16(samples: np.ndarray) -> bytes:
    return np.rint(samples * 32767).astype("<i2").tobytes()


@given(
    st.sampled_from(ENCODINGS),
    st.sampled_from(RATES),
    st.integers(1, 3),
    st.integers(0, 9000),
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(0, 9000), max_size=20),
)
def test_how_the_bytes_are_cut_changes_no_sample(
    encoding: Encoding, rate_hz: int, channels: int, length: int, seed: int, borders: list[int]
) -> None:
    data = np.random.default_rng(seed).bytes(length)
    whole, cut = Ear(rate_hz, encoding, channels), Ear(rate_hz, encoding, channels)
    assert heard(cut, data, borders) == heard(whole, data)
    frames = length // (SIZES[encoding] * channels)
    assert whole.frames == cut.frames == frames
    assert whole.samples == cut.samples == math.floor(frames * 16_000 / rate_hz + 0.5)


@given(st.sampled_from(ENCODINGS), st.sampled_from(RATES), st.integers(1, 8), st.binary(max_size=400))
def test_no_bytes_are_refused(encoding: Encoding, rate_hz: int, channels: int, data: bytes) -> None:
    ear = Ear(rate_hz, encoding, channels)
    assert len(heard(ear, data)) == 2 * ear.samples


def test_what_is_right_already_passes_unchanged() -> None:
    data = np.random.default_rng(1).bytes(10_001)
    ear = Ear(16_000)
    assert ear.hear(data[:3]) + ear.hear(bytearray(data[3:7])) + ear.hear(memoryview(data)[7:]) == data[:-1]
    assert ear.settle() == b""


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("rate_hz", RATES)
def test_silence_stays_silence(encoding: Encoding, rate_hz: int) -> None:
    nothing = b"\xff" if encoding == "mulaw" else bytes(SIZES[encoding])
    assert not any(heard(Ear(rate_hz, encoding, 2), nothing * 2 * rate_hz))


@pytest.mark.parametrize("rate_hz", RATES)
def test_a_tone_keeps_its_size_and_its_time(rate_hz: int) -> None:
    out = np.frombuffer(heard(Ear(rate_hz), s16(sine(rate_hz, 2.0))), "<i2") / 32768
    wanted = sine(16_000, 2.0)
    assert len(out) == len(wanted)
    assert np.abs(out - wanted)[400:-400].max() < 1e-3


@pytest.mark.parametrize("rate_hz", [8000, 12345, 44100])
def test_hours_do_not_drift(rate_hz: int) -> None:
    ear = Ear(rate_hz)
    second = s16(sine(rate_hz, 1.0, hertz=100.0))
    late = 0
    for _ in range(1200):
        out = ear.hear(second)
        late = max(late, abs(ear.frames * 16_000 / rate_hz - ear.samples))
    assert late <= 0.12 * 16_000
    out += ear.settle()
    assert ear.samples == 1200 * 16_000
    wanted = sine(16_000, 1.0, hertz=100.0)
    samples = np.frombuffer(out, "<i2")[-16_000:] / 32768
    assert np.abs(samples - wanted)[400:-400].max() < 1e-3


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=12), st.sampled_from(RATES))
def test_settling_on_the_way_keeps_the_clock(pieces: list[int], rate_hz: int) -> None:
    ear = Ear(rate_hz)
    for frames in pieces:
        ear.hear(bytes(2 * frames))
        ear.settle()
        assert ear.samples == math.floor(ear.frames * 16_000 / rate_hz + 0.5)
        assert ear.settle() == b""
    assert ear.frames == sum(pieces)


def test_settling_in_a_tone_leaves_no_gap() -> None:
    data = s16(sine(48_000, 2.0))
    ear = Ear(48_000)
    out = ear.hear(data[:96_000]) + ear.settle() + ear.hear(data[96_000:]) + ear.settle()
    samples = np.frombuffer(out, "<i2") / 32768
    wrong = np.abs(samples - sine(16_000, 2.0))
    assert wrong[400:-400].max() < 0.4
    assert (wrong[400:-400] > 1e-2).sum() < 160


def test_channels_are_mixed() -> None:
    left, right = sine(16_000, 0.1), -sine(16_000, 0.1)
    both = np.stack([left, right], axis=1)
    assert not np.any(np.frombuffer(heard(Ear(16_000, channels=2), s16(both)), "<i2"))
    same = np.stack([left, left], axis=1)
    assert heard(Ear(16_000, channels=2), s16(same)) == s16(left)


def test_half_a_frame_is_forgotten_when_the_client_begins_it_again() -> None:
    data = np.random.default_rng(2).bytes(4000)
    ear = Ear(16_000, channels=2)
    out = ear.hear(data[:1003])
    assert ear.frames == 250
    ear.drop_half()
    assert out + ear.hear(data[1000:]) == heard(Ear(16_000, channels=2), data)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 3.4e38, 1e-42])
def test_floats_that_are_no_sound_are_survived(bad: float) -> None:
    data = struct.pack("<3f", 0.5, bad, 0.25) * 4000
    samples = np.frombuffer(heard(Ear(16_000, "float32"), data), "<i2")
    assert set(samples[::3]) == {16_384} and set(samples[2::3]) == {8192}
    assert set(samples[1::3]) <= {0, 32_767}
    ear = Ear(48_000, "float32")
    heard(ear, data)
    assert ear.samples == 4000


def test_mulaw_is_that_of_the_standard() -> None:
    codes = bytes([0x00, 0x7F, 0x80, 0xFF, 0x8F, 0xF0, 0x10])
    samples = np.frombuffer(Ear(16_000, "mulaw").hear(codes), "<i2")
    assert samples.tolist() == [-32124, 0, 32124, 0, 16764, 120, -15996]


def test_the_level_is_that_of_the_power() -> None:
    assert level_dbfs(b"") == level_dbfs(bytes(3200)) == QUIETEST_DBFS
    assert level_dbfs(s16(sine(16_000, 1.0, size=1.0))) == -3.0
    assert level_dbfs(s16(sine(16_000, 1.0, size=0.1))) == -23.0
    assert level_dbfs(b"\x00\x80" * 100) == 0.0
