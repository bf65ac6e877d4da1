"""Silero and Moonshine on the recording that the moonshine-voice package carries."""

from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from parley.engines.asr.moonshine import SPEC, Moonshine
from parley.engines.contract import Stretch
from parley.engines.vad.silero import Silero
from parley.signal.packing import pack, with_margins
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import RecognitionOptions
from parley.speech.span import Span


def ignore(_done_s: float) -> None:
    pass


@pytest.fixture(scope="module")
def recording() -> np.ndarray:
    package = find_spec("moonshine_voice")
    assert package and package.submodule_search_locations
    path = Path(package.submodule_search_locations[0], "assets", "two_cities.wav")
    samples, rate_hz = soundfile.read(path, dtype="float32")
    return soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ).astype(np.float32)


@pytest.fixture(scope="module")
def silero() -> Silero:
    return Silero()


@pytest.fixture(scope="module")
def moonshine() -> Moonshine:
    return Moonshine()


def stretches_of(samples: np.ndarray, islands: list[Span]) -> list[Stretch]:
    packed = pack(islands, SPEC.max_stretch_s)
    stretches = []
    for run, clip in zip(packed, with_margins(packed, len(samples) / SAMPLE_RATE_HZ), strict=True):
        first = int(clip.start * SAMPLE_RATE_HZ)
        inside = tuple(island.shifted(-first / SAMPLE_RATE_HZ) for island in run)
        stretches.append(Stretch(samples=samples[first : round(clip.end * SAMPLE_RATE_HZ)], islands=inside))
    return stretches


def test_speech_is_found_where_it_is_loud(recording, silero):
    told: list[float] = []
    islands = silero.find_speech(recording, told.append)
    inside = np.zeros(len(recording), dtype=bool)
    for island in islands:
        inside[int(island.start * SAMPLE_RATE_HZ) : int(island.end * SAMPLE_RATE_HZ)] = True
    energy = recording.astype(np.float64) ** 2
    assert energy[inside].sum() > 0.99 * energy.sum()
    assert told == sorted(told)
    assert told[-1] == pytest.approx(len(recording) / SAMPLE_RATE_HZ)


@pytest.mark.parametrize("samples", [0, 1, 511, 512, 16_000])
def test_there_is_no_speech_in_silence_however_short(silero, samples):
    assert silero.find_speech(np.zeros(samples, dtype=np.float32), ignore) == []


def test_there_is_no_speech_in_noise(silero):
    noise = np.random.default_rng(0).normal(0, 0.1, 10 * SAMPLE_RATE_HZ).astype(np.float32)
    assert silero.find_speech(noise, ignore) == []


def test_a_known_text_is_recognised_and_placed(recording, silero, moonshine):
    islands = silero.find_speech(recording, ignore)
    text = []
    for stretch in stretches_of(recording, islands):
        found = moonshine.recognise(stretch, RecognitionOptions(), ignore)
        text += [piece.text for piece in found.pieces]
        starts = {island.start for island in stretch.islands}
        assert all(piece.start in starts for piece in found.pieces)
        assert all(before.end <= after.start for before, after in pairwise(found.pieces))
        assert found.language == "en"
    heard = " ".join(text).lower()
    assert "it was the best of times" in heard
    assert "we had nothing before us" in heard


def test_the_same_stretch_gives_the_same_answer_whatever_came_before(recording, silero, moonshine):
    first, second, *_ = stretches_of(recording, silero.find_speech(recording, ignore))
    alone = Moonshine().recognise(second, RecognitionOptions(), ignore).pieces
    moonshine.recognise(first, RecognitionOptions(), ignore)
    assert moonshine.recognise(second, RecognitionOptions(), ignore).pieces == alone


@pytest.mark.parametrize("samples", [0, 400, 1_600, 4_000])
def test_a_stretch_of_nothing_ends(moonshine, samples):
    island = Span(0.0, samples / SAMPLE_RATE_HZ)
    stretch = Stretch(samples=np.zeros(samples, dtype=np.float32), islands=(island,))
    found = moonshine.recognise(stretch, RecognitionOptions(), ignore)
    assert len(found.pieces) <= 1
