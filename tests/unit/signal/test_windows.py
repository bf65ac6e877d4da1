import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.signal.windows import cut_windows, island_starts, own_stretches, thin
from parley.speech.span import Span

lengths = st.lists(st.tuples(st.floats(0.1, 5), st.floats(0.05, 20)), max_size=12)


def islands_of(pauses_and_lengths: list[tuple[float, float]]) -> list[Span]:
    islands: list[Span] = []
    end = 0.0
    for pause_s, length_s in pauses_and_lengths:
        islands.append(Span(end + pause_s, end + pause_s + length_s))
        end = islands[-1].end
    return islands


@given(lengths)
def test_windows_cover_each_island_and_nothing_else(drawn):
    islands = islands_of(drawn)
    windows = cut_windows(islands, 1.5, 0.5)
    first = island_starts(windows)
    assert windows[first, 0] == pytest.approx([island.start for island in islands])
    last = np.append(first[1:], True)[: len(windows)]
    assert windows[last, 1] == pytest.approx([island.end for island in islands])
    assert (np.diff(windows, axis=1) <= 1.5 + 1e-9).all()


@given(lengths)
def test_own_stretches_share_out_the_islands(drawn):
    islands = islands_of(drawn)
    stretches = own_stretches(cut_windows(islands, 1.5, 0.5))
    assert np.diff(stretches, axis=1).sum() == pytest.approx(sum(island.duration for island in islands))
    assert (np.diff(stretches.reshape(-1)) >= -1e-9).all()


@given(lengths, st.integers(1, 30))
def test_thinning_keeps_the_islands_and_the_mean(drawn, most):
    windows = cut_windows(islands_of(drawn), 1.5, 0.5)
    vectors = np.random.default_rng(0).standard_normal((len(windows), 3)).astype(np.float32)
    fewer, means = thin(windows, vectors, most)
    assert len(fewer) == len(means) <= most + len(drawn)
    assert windows[island_starts(windows), 0].tolist() == fewer[island_starts(fewer), 0].tolist()
    assert np.isin(fewer[:, 1], windows[:, 1]).all()


def test_thinning_takes_the_mean_of_neighbours():
    windows = np.array([[0, 1.5], [0.5, 2], [1, 2.5], [9, 10]])
    fewer, means = thin(windows, np.array([[1], [3], [5], [7]], dtype=np.float32), 2)
    assert fewer.tolist() == [[0, 2], [1, 2.5], [9, 10]]
    assert means.tolist() == [[2], [5], [7]]


def test_an_island_of_whole_hops_gets_no_window_for_a_rounding_error():
    assert len(cut_windows([Span(0.1, 0.1 + 1.5 + 0.5 * 3)], 1.5, 0.5)) == 4


def test_without_islands_there_are_no_windows():
    empty = cut_windows([], 1.5, 0.5)
    assert empty.shape == own_stretches(empty).shape == (0, 2)
    assert island_starts(empty).shape == (0,)
