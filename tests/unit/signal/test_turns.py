import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from parley.signal.turns import LONGEST_PAUSE_S, find_turns
from parley.signal.windows import cut_windows
from parley.speech.span import Span, SpeakerTurn


def test_a_border_lies_half_way_between_window_centres():
    windows = cut_windows([Span(0.0, 3.0)], 1.5, 0.5)
    turns = find_turns(windows, np.array([0, 0, 1, 1]))
    assert turns == [SpeakerTurn(0.0, 1.5, 0), SpeakerTurn(1.5, 3.0, 1)]


def test_a_short_pause_keeps_the_turn_and_a_long_one_ends_it():
    windows = np.array([[0.0, 1.0], [1.5, 2.5], [4.0, 5.0]])
    assert find_turns(windows, np.array([0, 0, 0])) == [SpeakerTurn(0.0, 2.5, 0), SpeakerTurn(4.0, 5.0, 0)]


def test_nobody_speaks_without_windows():
    assert find_turns(np.zeros((0, 2)), np.zeros(0, dtype=np.int64)) == []


islands = st.lists(st.tuples(st.floats(0.1, 3), st.floats(0.2, 10)), min_size=1, max_size=8)


@given(islands, st.integers(0, 2**16))
def test_turns_are_sorted_disjoint_and_inside_the_speech(drawn, seed):
    spans: list[Span] = []
    for pause_s, length_s in drawn:
        start = (spans[-1].end if spans else 0.0) + pause_s
        spans.append(Span(start, start + length_s))
    windows = cut_windows(spans, 1.5, 0.5)
    turns = find_turns(windows, np.random.default_rng(seed).integers(0, 3, len(windows)))
    edges = [edge for turn in turns for edge in (turn.start, turn.end)]
    assert edges == sorted(edges)
    assert edges[0] == spans[0].start
    assert edges[-1] == spans[-1].end
    spoken = sum(turn.end - turn.start for turn in turns)
    silence = sum(pause_s for pause_s, _ in drawn[1:] if pause_s <= LONGEST_PAUSE_S + 1e-6)
    heard = sum(span.duration for span in spans)
    assert heard - 1e-6 <= spoken <= heard + silence + 1e-6
