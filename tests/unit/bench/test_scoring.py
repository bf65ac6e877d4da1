import numpy as np
import pytest

from parley.bench.speakers import diarization_errors, turns_of
from parley.bench.starts import first_voiced, start_errors
from parley.bench.words import character_error_rate, normalise, word_error_rate
from parley.speech.transcript import Segment, Transcript


def test_normalisation_keeps_apostrophes_inside_words() -> None:
    assert normalise("“Don’t STOP,” he said—'now'; 3.5 e_f") == "don't stop he said now 3 5 e f"


def test_word_errors_are_counted_over_all_pairs() -> None:
    found = word_error_rate(["a b c", "d", ""], ["A, b x.", "", "noise"])
    assert found.reference_length == 4
    assert found.rate == pytest.approx(2 / 4)


def test_character_errors_ignore_spaces_and_punctuation() -> None:
    found = character_error_rate(["今天 天气"], ["今天。天汽"])
    assert (found.rate, found.reference_length) == (pytest.approx(0.25), 4)


def test_diarization_errors_by_component() -> None:
    reference = [(0.0, 10.0, "a"), (10.0, 20.0, "b")]
    perfect = diarization_errors(reference, [(0.0, 10.0, "x"), (10.0, 20.0, "y")])
    assert (perfect.rate, perfect.speakers) == (0.0, 2)
    one = diarization_errors(reference, [(0.0, 20.0, "x")])
    # The collar takes 0.25 s on each side of every border: 9.5 s of each turn are scored.
    assert one.confusion == pytest.approx(0.5, abs=0.01)
    silent = diarization_errors(reference, [])
    assert (silent.miss, silent.confusion) == (1.0, 0.0)
    half = diarization_errors(reference, [(0.0, 20.0, "x")], scored=[(0.0, 10.0)])
    assert half.rate == pytest.approx(0.0, abs=0.05)


def test_turns_of_a_transcript() -> None:
    transcript = Transcript(
        duration=3.0,
        segments=(
            Segment(start=0.0, end=1.0, text="a", speaker="Speaker1"),
            Segment(start=1.0, end=2.0, text="b"),
        ),
    )
    assert turns_of(transcript) == [(0.0, 1.0, "Speaker1"), (1.0, 2.0, "speech")]


def test_the_first_voiced_moment_is_found_behind_silence_and_a_click() -> None:
    rate = 16000
    noise = np.random.default_rng(0).normal(0, 1e-4, 3 * rate).astype(np.float32)
    noise[rate // 2 : rate // 2 + 160] = 0.5
    noise[rate : 2 * rate] += 0.3 * np.sin(np.arange(rate) * 0.2).astype(np.float32)
    assert first_voiced(noise, rate) == pytest.approx(1.0, abs=0.021)
    assert first_voiced(np.zeros(0, dtype=np.float32), rate) == 0.0


def test_start_errors_are_to_the_nearest_start() -> None:
    errors = start_errors([1.0, 5.0, 9.0], [9.7, 1.1, 5.2, 30.0])
    assert errors.median_absolute == pytest.approx(0.2)
    assert errors.bias == pytest.approx(0.2)
    assert errors.share_under_600_ms == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="nothing to compare"):
        start_errors([], [1.0])
