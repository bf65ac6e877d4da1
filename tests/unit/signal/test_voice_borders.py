from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from parley.signal.voice_borders import LEAST_PART_S, borders_between, split_at
from parley.signal.windows import cut_windows, island_starts
from parley.speech.span import Span, SpeakerTurn


def test_a_border_lies_between_two_voices() -> None:
    turns = [SpeakerTurn(2.0, 3.0, 1), SpeakerTurn(0.0, 1.8, 0), SpeakerTurn(3.2, 4.0, 1)]
    assert borders_between(turns) == [1.9]


def test_windows_do_not_reach_over_a_border() -> None:
    parts = list(split_at(Span(0.0, 6.0), [2.5]))
    windows = cut_windows(parts, 1.5, 0.75)
    assert not any(start < 2.5 < end for start, end in windows.tolist())
    assert island_starts(windows).sum() == 2


@given(st.floats(0, 10), st.floats(0.1, 30), st.lists(st.floats(-1, 41), max_size=8))
def test_parts_cover_the_island(start: float, length: float, borders: list[float]) -> None:
    island = Span(start, start + length)
    parts = list(split_at(island, borders))
    assert parts[0].start == island.start and parts[-1].end == island.end
    assert all(0 < after.start - before.end < 0.1 for before, after in pairwise(parts))
    assert len(parts) == 1 or all(part.duration > LEAST_PART_S - 0.1 for part in parts)
