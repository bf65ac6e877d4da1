"""The x-vector engine on the recordings that the moonshine-voice package carries."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from parley.engines.contract import Embeddings
from parley.engines.speakers.xvector import WINDOW_S, XVector
from parley.engines.vad.silero import Silero
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import SpeakerCount
from parley.speech.span import Span

TURN = 5 * SAMPLE_RATE_HZ
HIGHER = 1.3
"""Played so much faster the reader is another person to the model; both recordings are by one reader."""


def ignore(_done_s: float) -> None:
    pass


def read(name: str) -> np.ndarray:
    package = find_spec("moonshine_voice")
    assert package and package.submodule_search_locations
    path = Path(package.submodule_search_locations[0], "assets", name)
    samples, rate_hz = soundfile.read(path, dtype="float32")
    return soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ).astype(np.float32)


@pytest.fixture(scope="module")
def engine() -> XVector:
    return XVector()


@pytest.fixture(scope="module")
def dialogue() -> np.ndarray:
    """Two voices in turns of five seconds without a pause between them."""
    reading = read("two_cities.wav")
    low = reading[: 3 * TURN]
    high = soxr.resample(reading[3 * TURN :], HIGHER * SAMPLE_RATE_HZ, SAMPLE_RATE_HZ).astype(np.float32)
    turns = [voice[at : at + TURN] for at in range(0, 3 * TURN, TURN) for voice in (low, high)]
    return np.concatenate(turns)


def heard(engine: XVector, samples: np.ndarray) -> Embeddings:
    return engine.embed(samples, Silero().find_speech(samples, ignore), ignore)


def test_two_voices_are_told_apart(engine: XVector, dialogue: np.ndarray):
    turns = engine.cluster(heard(engine, dialogue), SpeakerCount())
    assert {turn.speaker for turn in turns} == {0, 1}
    for turn in turns:
        middle = (turn.start + turn.end) / 2
        assert turn.speaker == int(middle * SAMPLE_RATE_HZ / TURN) % 2


@pytest.mark.parametrize("name", ["two_cities.wav", "beckett.wav"])
def test_one_reader_is_one_speaker(engine: XVector, name: str):
    turns = engine.cluster(heard(engine, read(name)), SpeakerCount())
    assert {turn.speaker for turn in turns} == {0}


def test_a_number_that_is_given_is_kept(engine: XVector, dialogue: np.ndarray):
    embeddings = heard(engine, dialogue)
    for number in (1, 2, 3):
        turns = engine.cluster(embeddings, SpeakerCount(minimum=number, maximum=number))
        assert {turn.speaker for turn in turns} == set(range(number))


def test_units_can_be_embedded_apart_and_come_in_any_order(engine: XVector, dialogue: np.ndarray):
    islands = Silero().find_speech(dialogue, ignore)
    whole = engine.embed(dialogue, islands, ignore)
    parts = [engine.embed(dialogue, part, ignore) for part in (islands[3:], islands[:3])]
    joined = Embeddings(
        windows=np.concatenate([part.windows for part in parts]),
        vectors=np.concatenate([part.vectors for part in parts]),
    )
    assert engine.cluster(joined, SpeakerCount()) == engine.cluster(whole, SpeakerCount())


def test_windows_lie_inside_the_islands_and_progress_is_reported(engine: XVector, dialogue: np.ndarray):
    done: list[float] = []
    embeddings = engine.embed(dialogue, [Span(1.0, 4.0), Span(5.0, 5.2)], done.append)
    assert embeddings.windows[0].tolist() == [1.0, 1.0 + WINDOW_S]
    assert embeddings.windows[-1].tolist() == [5.0, 5.2]
    assert embeddings.vectors.shape == (len(embeddings.windows), 512)
    assert embeddings.vectors.dtype == np.float32
    assert done == sorted(done)
    assert done[-1] == 5.2


def test_silence_and_nothing_are_no_trouble(engine: XVector):
    silent = engine.embed(np.zeros(SAMPLE_RATE_HZ, dtype=np.float32), [Span(0.0, 1.0)], ignore)
    assert np.isfinite(silent.vectors).all()
    nothing = engine.embed(np.zeros(0, dtype=np.float32), [], ignore)
    assert engine.cluster(nothing, SpeakerCount(minimum=2)) == []
