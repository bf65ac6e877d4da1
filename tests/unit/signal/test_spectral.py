"""Spectral clustering on made-up voices."""

import numpy as np
import pytest

from parley.signal.spectral import MOST_EXACT, Spectral, cluster_spectral
from parley.speech.recognition import SpeakerCount


def voices(labels: list[int], spread: float = 0.6) -> np.ndarray:
    random = np.random.default_rng(3)
    centres = np.eye(max(labels) + 1, 192)
    noise = random.standard_normal((len(labels), 192)) * spread / np.sqrt(192)
    return (centres[labels] + noise).astype(np.float32)


@pytest.mark.parametrize("labels", [[0] * 40, [0, 1] * 30, [0] * 30 + [1] * 20 + [2] * 25, [0] * 6 + [1] * 5])
def test_voices_are_found_and_numbered_by_appearance(labels: list[int]) -> None:
    assert cluster_spectral(voices(labels), SpeakerCount(), Spectral()).tolist() == labels


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_number_that_is_given_is_kept(number: int) -> None:
    labels = cluster_spectral(
        voices([0, 1, 2] * 20), SpeakerCount(minimum=number, maximum=number), Spectral()
    )
    assert len(set(labels.tolist())) == number


def test_a_long_recording_is_clustered_by_a_part_of_it() -> None:
    labels = ([0] * 50 + [1] * 50) * (MOST_EXACT // 25)
    assert cluster_spectral(voices(labels), SpeakerCount(), Spectral()).tolist() == labels


def test_nothing_and_one_window() -> None:
    assert (
        cluster_spectral(np.zeros((0, 192), np.float32), SpeakerCount(minimum=2), Spectral()).tolist() == []
    )
    assert cluster_spectral(voices([0]), SpeakerCount(minimum=2), Spectral()).tolist() == [0]
    silent = np.zeros((30, 192), np.float32)
    assert len(cluster_spectral(silent, SpeakerCount(), Spectral())) == 30
