from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.signal.islands import SAME_ISLAND_S, Smoothing, find_islands, join_islands
from parley.speech.span import Span

FRAME_S = 0.032

probability = st.one_of(st.floats(0, 1, width=32), st.sampled_from([0.0, 0.3, 0.5, 0.75, 1.0]))
blocks = st.lists(st.tuples(probability, st.integers(1, 40)), max_size=40)


def spread(levels: list[tuple[float, int]]) -> np.ndarray:
    return np.array([level for level, frames in levels for _ in range(frames)], dtype=np.float32)


def seconds(*frames: int) -> list[float]:
    return [pytest.approx(frame * FRAME_S) for frame in frames]


BARE = Smoothing(lead_s=0.0, tail_s=0.0)


@given(blocks, st.floats(0, 0.5), st.integers(0, 511))
def test_islands_are_sorted_disjoint_and_inside_the_audio(levels, padding_s, missing_samples):
    probabilities = spread(levels)
    duration = max(0.0, len(probabilities) * FRAME_S - missing_samples / 16_000)
    islands = find_islands(probabilities, FRAME_S, duration, Smoothing(lead_s=padding_s, tail_s=padding_s))
    edges = [edge for island in islands for edge in (island.start, island.end)]
    assert edges == sorted(edges)
    assert all(island.duration > 0 for island in islands)
    assert all(0 <= edge <= duration for edge in edges)


@given(blocks, st.floats(0.2, 3.0))
def test_no_island_is_longer_than_the_limit_and_cutting_loses_nothing(levels, longest_s):
    probabilities = spread(levels)
    duration = len(probabilities) * FRAME_S
    whole = find_islands(probabilities, FRAME_S, duration, Smoothing(lead_s=0, tail_s=0, longest_s=1e6))
    parts = find_islands(probabilities, FRAME_S, duration, Smoothing(lead_s=0, tail_s=0, longest_s=longest_s))
    assert sum(part.duration for part in parts) == pytest.approx(sum(island.duration for island in whole))
    assert all(part.duration <= longest_s + 1e-9 for part in parts)


@given(blocks)
def test_every_frame_that_starts_speech_is_inside_an_island_or_was_called_noise(levels):
    probabilities = spread(levels)
    keep_all = Smoothing(lead_s=0, tail_s=0, least_peak=0, least_speech_s=0)
    islands = find_islands(probabilities, FRAME_S, len(probabilities) * FRAME_S, keep_all)
    for index in np.flatnonzero(probabilities >= keep_all.onset):
        middle = (index + 0.5) * FRAME_S
        assert any(island.start <= middle <= island.end for island in islands)


def test_a_short_dip_is_bridged_and_a_pause_is_not():
    probabilities = spread([(0, 10), (0.9, 20), (0, 5), (0.9, 20), (0, 12), (0.9, 20), (0, 10)])
    first, second = find_islands(probabilities, FRAME_S, len(probabilities) * FRAME_S, BARE)
    assert [first.start, first.end, second.start, second.end] == seconds(10, 55, 67, 87)


def test_a_click_and_a_murmur_are_noise():
    probabilities = spread([(0, 10), (0.99, 4), (0, 20), (0.6, 60), (0, 10)])
    assert find_islands(probabilities, FRAME_S, len(probabilities) * FRAME_S) == []


def test_speech_goes_on_between_the_two_thresholds_but_does_not_begin_there():
    probabilities = spread([(0.3, 10), (0.9, 10), (0.3, 20), (0, 20)])
    (island,) = find_islands(probabilities, FRAME_S, len(probabilities) * FRAME_S, BARE)
    assert [island.start, island.end] == seconds(10, 40)


def test_a_long_island_is_cut_where_speech_is_least_sure():
    probabilities = spread([(0.9, 70), (0.5, 3), (0.9, 47)])
    smoothing = Smoothing(lead_s=0, tail_s=0, longest_s=100 * FRAME_S)
    first, second = find_islands(probabilities, FRAME_S, 120 * FRAME_S, smoothing)
    assert [first.start, first.end, second.start, second.end] == seconds(0, 71, 71, 120)


def test_padding_takes_no_more_than_half_of_a_pause():
    probabilities = spread([(0.9, 20), (0, 10), (0.9, 20)])
    first, second = find_islands(probabilities, FRAME_S, 50 * FRAME_S, Smoothing(lead_s=1.0, tail_s=1.0))
    assert [first.start, first.end, second.start, second.end] == seconds(0, 25, 25, 50)


@st.composite
def separated_islands(draw):
    islands, now = [], 0.0
    for pause, length in draw(st.lists(st.tuples(st.floats(0.1, 30), st.floats(0.1, 30)), max_size=20)):
        islands.append(Span(now + pause, now + pause + length))
        now += pause + length
    return islands


@given(separated_islands(), st.floats(1.0, 100.0))
def test_windows_joined_are_the_whole(islands, window_s):
    end = islands[-1].end if islands else 0.0
    borders = [index * window_s for index in range(int(end / window_s) + 2)]
    windows = []
    for start, stop in pairwise(borders):
        cut = [Span(max(island.start, start), min(island.end, stop)) for island in islands]
        windows.append([island for island in cut if island.duration > 0])
    assert join_islands(windows) == islands


def test_islands_that_touch_inside_a_window_stay_two():
    window = [Span(0.0, 5.0), Span(5.0, 9.0)]
    assert join_islands([window, [Span(9.0 + SAME_ISLAND_S, 10.0)]]) == [*window, Span(9.05, 10.0)]
