"""Voices heard and voices known."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from parley.signal.naming import mean_voices, name_voices
from parley.speech.span import SpeakerTurn

A, B, C = np.eye(3, dtype=np.float32)


def test_a_mean_is_made_of_the_windows_in_the_turns_of_a_speaker() -> None:
    windows = np.array([[0.0, 1.0], [1.0, 2.0], [2.2, 2.6], [3.0, 4.0], [4.0, 5.0]])
    vectors = np.stack([A, A, C, B, 3 * B])
    turns = [SpeakerTurn(0.0, 2.0, 0), SpeakerTurn(3.0, 5.0, 1), SpeakerTurn(6.0, 7.0, 2)]
    heard = mean_voices(windows, vectors, turns)
    assert sorted(heard) == [0, 1]
    assert heard[0].tolist() == A.tolist()
    assert heard[1].tolist() == (2 * B).tolist()
    assert mean_voices(windows, vectors, []) == {}
    assert mean_voices(windows[:0], vectors[:0], turns) == {}


def test_the_most_alike_get_the_name() -> None:
    near, nearer = (A + 0.5 * B), (A + 0.1 * C)
    named = name_voices({0: near, 1: nearer, 2: C}, {"Ann": A, "王芳": B}, 0.4)
    assert named == {1: "Ann", 0: "王芳"}
    assert name_voices({0: near}, {"Ann": A}, 0.95) == {}


def test_what_is_no_direction_is_nobody() -> None:
    nothing, broken = np.zeros(3, dtype=np.float32), np.full(3, np.nan, dtype=np.float32)
    assert name_voices({0: nothing, 1: broken, 2: A[:2]}, {"Ann": A, "Nil": nothing}, -0.5) == {}


voices = st.lists(st.lists(st.floats(-1, 1, width=32), min_size=4, max_size=4), max_size=5)


@given(voices, voices, st.floats(-0.9, 1.0))
def test_nobody_has_two_names_and_no_name_two_bearers(
    heard: list[list[float]], known: list[list[float]], threshold: float
) -> None:
    speakers = {index: np.array(vector, dtype=np.float32) for index, vector in enumerate(heard)}
    names = {f"n{index}": np.array(vector, dtype=np.float32) for index, vector in enumerate(known)}
    named = name_voices(speakers, names, threshold)
    assert len(set(named.values())) == len(named)
    assert set(named) <= set(speakers) and set(named.values()) <= set(names)
    for speaker, name in named.items():
        one, other = speakers[speaker].astype(float), names[name].astype(float)
        assert one @ other >= (threshold - 1e-4) * np.linalg.norm(one) * np.linalg.norm(other) - 1e-6
