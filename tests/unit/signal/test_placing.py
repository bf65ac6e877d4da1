from itertools import combinations_with_replacement, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from parley.signal.placing import merge_islands, place_tokens
from parley.speech.span import Span


@st.composite
def problems(draw):
    islands, tokens = draw(st.integers(1, 4)), draw(st.integers(1, 7))
    logs = draw(arrays(np.float64, (islands, tokens), elements=st.integers(-9, 0).map(float)))
    may_start = draw(arrays(np.bool_, tokens))
    gain = draw(arrays(np.float64, tokens, elements=st.integers(0, 3).map(float)))
    return logs, may_start, gain


def _score(borders, logs, may_start, gain):
    total = sum(logs[k, a:b].sum() for k, (a, b) in enumerate(pairwise(borders)))
    begun = {border for border in borders if 0 < border < logs.shape[1]}
    if not all(may_start[border] for border in begun):
        return -np.inf
    return total + sum(gain[border] for border in begun)


@given(problems())
def test_no_other_assignment_is_likelier(problem):
    logs, may_start, gain = problem
    islands, tokens = logs.shape
    borders = place_tokens(logs, may_start, gain)
    assert borders[0] == 0
    assert borders[-1] == tokens
    assert borders == sorted(borders)
    assert len(borders) == islands + 1
    cuts = combinations_with_replacement(range(tokens + 1), islands - 1)
    best = max(_score([0, *cut, tokens], logs, may_start, gain) for cut in cuts)
    assert _score(borders, logs, may_start, gain) == pytest.approx(best)


def test_tokens_go_to_the_island_that_speaks_them():
    logs = np.array([[-0.1, -0.2, -8.0, -9.0], [-7.0, -9.0, -0.3, -0.1]])
    assert place_tokens(logs, np.ones(4, dtype=bool)) == [0, 2, 4]


def test_a_word_is_not_torn_apart():
    logs = np.array([[-0.1, -0.2, -8.0, -9.0], [-7.0, -9.0, -0.3, -0.1]])
    assert place_tokens(logs, np.array([True, True, False, True])) == [0, 3, 4]


def test_an_island_may_stay_empty():
    logs = np.array([[-0.1, -0.1], [-9.0, -9.0], [-9.0, -0.1]])
    first, after_first, after_second, end = place_tokens(logs, np.ones(2, dtype=bool))
    assert (first, after_first, end) == (0, after_second, 2)


def test_equal_evidence_goes_by_punctuation():
    logs = np.zeros((2, 4))
    assert place_tokens(logs, np.ones(4, dtype=bool), np.array([0.0, 0.0, 2.0, 0.0])) == [0, 2, 4]


@given(
    st.lists(st.tuples(st.floats(0.01, 3), st.floats(0.01, 3)), min_size=1, max_size=12), st.integers(1, 14)
)
def test_merged_islands_cover_the_same_speech_with_the_widest_pauses_left(pairs, most):
    islands, now = [], 0.0
    for pause, length in pairs:
        islands.append(Span(now + pause, now + pause + length))
        now = islands[-1].end
    merged = merge_islands(islands, most)
    assert len(merged) == min(most, len(islands))
    assert (merged[0].start, merged[-1].end) == (islands[0].start, islands[-1].end)
    assert {span.start for span in merged} <= {span.start for span in islands}
    left = [b.start - a.end for a, b in pairwise(merged)]
    widest = sorted((b.start - a.end for a, b in pairwise(islands)), reverse=True)[: len(left)]
    assert sorted(left, reverse=True) == widest
