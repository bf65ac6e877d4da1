import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.signal import voice_states
from parley.signal.voice_states import refine_speakers
from parley.signal.voices import VoiceModel

MODEL = VoiceModel()


def heard(speakers: np.ndarray, seed: int = 0) -> np.ndarray:
    chance = np.random.default_rng(seed)
    voices = chance.standard_normal((4, 150)) / np.sqrt(150)
    blur = chance.standard_normal((len(speakers), 150)) * np.sqrt(MODEL.noise_s / 1.5 / 150)
    return (voices[speakers] + blur).astype(np.float32)


def refined(vectors: np.ndarray, labels: np.ndarray) -> np.ndarray:
    own_s = np.full(len(vectors), 0.5)
    first = np.zeros(len(vectors), dtype=np.bool_)
    first[0] = True
    return refine_speakers(vectors, own_s, first, labels, MODEL)


def test_windows_given_to_the_wrong_speaker_move():
    speakers = np.repeat([0, 1, 0, 1], 15)
    guess = speakers.copy()
    guess[[3, 20, 34, 50]] = 1 - guess[[3, 20, 34, 50]]
    assert refined(heard(speakers), guess).tolist() == speakers.tolist()


def test_a_speaker_that_nobody_needs_goes():
    speakers = np.repeat([0, 1], 30)
    guess = speakers.copy()
    guess[[10, 11, 40]] = [2, 2, 3]
    assert refined(heard(speakers), guess).tolist() == speakers.tolist()


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(0, 2**16))
def test_labels_stay_labels(guess, seed):
    labels = np.unique(guess, return_inverse=True)[1]
    found = refined(heard(np.array(guess), seed), labels)
    assert len(found) == len(labels)
    assert found.max() <= labels.max()
    assert sorted(set(found.tolist())) == list(range(found.max() + 1))


def test_chains_side_by_side_say_what_one_chain_says(monkeypatch):
    speakers = np.repeat([0, 1, 2, 0, 2, 1], 20)
    guess = speakers.copy()
    guess[::17] = 0
    whole = refined(heard(speakers), guess)
    monkeypatch.setattr(voice_states, "CHAIN", 50)
    assert refined(heard(speakers), guess).tolist() == whole.tolist() == speakers.tolist()
