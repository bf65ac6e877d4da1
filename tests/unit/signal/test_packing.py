import math
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.signal import packing
from parley.signal.packing import MARGIN_S, pack, with_margins
from parley.speech.span import Span


@st.composite
def islands(draw, most=60, longest_s=15.0):
    spans, now = [], 0.0
    pairs = st.tuples(st.floats(0.0, 5.0), st.floats(0.05, longest_s))
    for pause, length in draw(st.lists(pairs, max_size=most)):
        spans.append(Span(now + pause, now + pause + length))
        now = spans[-1].end
    return spans


@given(islands(), st.floats(16.0, 40.0))
def test_no_island_is_lost_and_the_order_is_kept(spans, longest_s):
    assert [island for stretch in pack(spans, longest_s) for island in stretch] == spans


@given(islands(longest_s=60.0), st.floats(5.0, 40.0))
def test_no_stretch_is_longer_than_the_limit_margins_included(spans, longest_s):
    stretches = pack(spans, longest_s)
    duration = spans[-1].end + 3.0 if spans else 0.0
    for clip in with_margins(stretches, duration):
        assert clip.duration <= longest_s + 1e-6


@given(islands(longest_s=60.0))
def test_cutting_an_island_that_is_too_long_loses_nothing(spans):
    packed = [island for stretch in pack(spans, 20.0) for island in stretch]
    assert sum(part.duration for part in packed) == pytest.approx(sum(span.duration for span in spans))
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(packed))


@given(islands())
def test_margins_hold_their_islands_do_not_overlap_and_stay_inside(spans):
    stretches = pack(spans, 20.0)
    duration = spans[-1].end if spans else 0.0
    clips = with_margins(stretches, duration)
    for stretch, clip in zip(stretches, clips, strict=True):
        assert 0 <= clip.start <= stretch[0].start <= stretch[-1].end <= clip.end <= duration
        assert stretch[0].start - clip.start <= MARGIN_S + 1e-9
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(clips))


@given(islands(most=8))
def test_no_other_cutting_costs_less(spans):
    best = _cost(pack(spans, 20.0))
    for count in range(len(spans)):
        for cuts in combinations(range(1, len(spans)), count):
            borders = [0, *cuts, len(spans)]
            other = [spans[a:b] for a, b in pairwise(borders) if b > a]
            if all(len(s) == 1 or s[-1].end - s[0].start <= 20.0 - 2 * MARGIN_S for s in other):
                assert best <= _cost(other) + 1e-9


def _cost(stretches: list[list[Span]]) -> float:
    total = 0.0
    for index, stretch in enumerate(stretches):
        length = stretch[-1].end - stretch[0].start
        pauses = [b.start - a.end for a, b in pairwise(stretch)]
        before = stretch[0].start - stretches[index - 1][-1].end if index else math.inf
        total += packing.EACH + packing.SHORT * math.exp(-length / packing.SHORT_S)
        total += sum(packing.PAUSE * max(0.0, pause - packing.FREE_PAUSE_S) for pause in pauses)
        total += packing.NARROW * max(0.0, 1 - before / packing.NARROW_S)
    return total


def test_neighbours_are_packed_and_strangers_are_not():
    spans = [Span(0.0, 3.0), Span(3.3, 6.0), Span(12.0, 15.0)]
    assert pack(spans, 20.0) == [spans[:2], spans[2:]]


def test_a_limit_that_leaves_no_room_is_refused():
    with pytest.raises(ValueError, match="no room"):
        pack([Span(0.0, 1.0)], 2 * MARGIN_S)
