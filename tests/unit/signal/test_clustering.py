from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.signal import agglomeration
from parley.signal.agglomeration import agglomerate, group_means
from parley.signal.clustering import cluster_windows
from parley.signal.voices import VoiceModel
from parley.speech.recognition import SpeakerCount

MODEL = VoiceModel()
DIMENSION = 512
ANY = SpeakerCount()

seeds = st.integers(0, 2**16)
counts = st.tuples(st.integers(1, 6), st.one_of(st.none(), st.integers(0, 4))).map(
    lambda pair: SpeakerCount(minimum=pair[0], maximum=None if pair[1] is None else pair[0] + pair[1])
)


@dataclass(frozen=True)
class Talk:
    """A recording made up: who speaks in each island, for how long."""

    windows: np.ndarray
    vectors: np.ndarray
    speakers: np.ndarray


def talk(islands: list[tuple[int, int]], seed: int = 0, noise: float = 1.0) -> Talk:
    """Islands of (speaker, windows), a second apart; voices and noise as `VoiceModel` has them."""
    chance = np.random.default_rng(seed)
    voices = chance.standard_normal((10, 150)) / np.sqrt(150)
    windows, vectors, speakers = [], [], []
    start = 0.0
    for speaker, count in islands:
        for _ in range(count):
            blur = chance.standard_normal(150) * np.sqrt(MODEL.noise_s / 1.5 / 150) * noise
            heard = np.zeros(DIMENSION)
            heard[:150] = (voices[speaker] + blur) / np.sqrt(1 + MODEL.noise_s / 1.5)
            windows.append((start, start + 1.5))
            vectors.append(heard)
            speakers.append(speaker)
            start += 0.5
        start += 2.0
    return Talk(
        np.array(windows).reshape(-1, 2),
        np.array(vectors, dtype=np.float32).reshape(-1, DIMENSION),
        np.array(speakers),
    )


def same_partition(one: np.ndarray, other: np.ndarray) -> bool:
    pairs = set(zip(one.tolist(), other.tolist(), strict=True))
    return len(pairs) == len(set(one.tolist())) == len(set(other.tolist()))


def labels_of(made: Talk, count: SpeakerCount = ANY) -> np.ndarray:
    return cluster_windows(made.windows, made.vectors, MODEL, count)


def test_no_window_has_no_speaker():
    assert labels_of(talk([])).tolist() == []


def test_one_window_has_one_speaker():
    assert labels_of(talk([(3, 1)])).tolist() == [0]


@pytest.mark.parametrize("speakers", [1, 2, 3, 6, 10])
def test_voices_that_differ_are_told_apart_and_numbered_by_appearance(speakers: int):
    made = talk([(island % speakers, 8) for island in range(speakers * 3)])
    assert labels_of(made).tolist() == made.speakers.tolist()


def test_a_speaker_may_change_inside_an_island():
    made = talk([(0, 12), (1, 12), (0, 12)])
    steps = np.arange(len(made.windows)) * 0.5
    joined = Talk(np.column_stack([steps, steps + 1.5]), made.vectors, made.speakers)
    assert labels_of(joined).tolist() == made.speakers.tolist()


@given(seeds, st.integers(1, 12))
def test_a_short_recording_of_one_voice_is_one_speaker(seed: int, windows: int):
    made = talk([(0, windows)], seed, noise=0.8)
    assert labels_of(made).max() == 0


def test_identical_vectors_are_one_speaker():
    made = talk([(0, 1)] * 30)
    same = np.repeat(made.vectors[:1], 30, axis=0)
    assert set(cluster_windows(made.windows, same, MODEL, ANY).tolist()) == {0}


def test_vectors_of_nothing_but_zeros_are_one_speaker():
    made = talk([(0, 20)])
    assert set(cluster_windows(made.windows, np.zeros_like(made.vectors), MODEL, ANY).tolist()) == {0}


@settings(max_examples=40, deadline=None)
@given(seeds, counts, st.lists(st.tuples(st.integers(0, 4), st.integers(1, 6)), min_size=1, max_size=12))
def test_the_number_of_speakers_is_within_its_bounds(seed, count, islands):
    made = talk(islands, seed)
    labels = labels_of(made, count)
    found = len(set(labels.tolist()))
    assert sorted(set(labels.tolist())) == list(range(found))
    assert found >= min(count.minimum, len(labels))
    assert count.maximum is None or found <= count.maximum


@settings(max_examples=20, deadline=None)
@given(seeds, st.integers(2, 5))
def test_a_number_that_is_given_is_found(seed: int, speakers: int):
    made = talk([(island % speakers, 6) for island in range(speakers * 2)], seed)
    labels = labels_of(made, SpeakerCount(minimum=speakers, maximum=speakers))
    assert same_partition(labels, made.speakers)


@given(seeds, st.integers(1, 5))
def test_the_order_of_items_does_not_change_the_groups(seed: int, speakers: int):
    made = talk([(island % speakers, 3) for island in range(speakers * 2)], seed)
    voices = MODEL.unbiased(made.vectors, np.full(len(made.vectors), 1.5))
    own_s = np.full(len(voices), 1.0)
    order = np.random.default_rng(seed).permutation(len(voices))
    straight = agglomerate(voices, own_s, MODEL, ANY)
    shuffled = agglomerate(voices[order], own_s[order], MODEL, ANY)
    assert same_partition(straight[order], shuffled)


def test_groups_weigh_by_seconds():
    vectors = np.array([[1, 0], [0, 1], [5, 5]], dtype=np.float32)
    means, seconds = group_means(vectors, np.array([3.0, 1.0, 2.0]), np.array([0, 0, 1]))
    assert means.tolist() == [[0.75, 0.25], [5, 5]]
    assert seconds.tolist() == [4, 2]


def test_many_items_are_clustered_in_blocks_of_bounded_size(monkeypatch: pytest.MonkeyPatch):
    sizes: list[int] = []

    class Watched(agglomeration._Merging):
        def __init__(self, vectors, own_s, model) -> None:
            sizes.append(len(vectors))
            super().__init__(vectors, own_s, model)

    monkeypatch.setattr(agglomeration, "MOST_ITEMS", 60)
    monkeypatch.setattr(agglomeration, "_Merging", Watched)
    made = talk([(island % 3, 5) for island in range(100)])
    assert labels_of(made).tolist() == made.speakers.tolist()
    assert max(sizes) <= 60


def test_labels_are_the_same_every_time():
    made = talk([(0, 4), (1, 3), (2, 5), (0, 2)], noise=1.5)
    assert all(np.array_equal(a, b) for a, b in pairwise([labels_of(made)] * 2 + [labels_of(made)]))
