from hypothesis import given
from hypothesis import strategies as st

from parley.signal.repetition import LONGEST_UNIT, PHRASE, SPOKEN_REPEATS, SPOKEN_REPEATS_OF_PHRASE, cut_loops


def kept(tokens):
    return [tokens[index] for index in cut_loops(tokens)]


def test_speech_stays():
    tokens = [5, 6, 5, 6, 7, 7, 7, 8]
    assert kept(tokens) == tokens


def test_four_times_no_may_be_said():
    tokens = [1, *[9, 3] * SPOKEN_REPEATS, 2]
    assert kept(tokens) == tokens


def test_a_loop_becomes_one():
    assert kept([1, 2, *[7, 8, 9] * 12, 4]) == [1, 2, 7, 8, 9, 4]


def test_a_phrase_is_a_loop_sooner():
    phrase = list(range(PHRASE))
    assert kept(phrase * (SPOKEN_REPEATS_OF_PHRASE + 1)) == phrase


@given(st.lists(st.integers(0, 2), max_size=60))
def test_what_is_kept_is_in_order_and_loops_no_more(tokens):
    indices = cut_loops(tokens)
    assert indices == sorted(set(indices))
    assert set(kept(tokens)) == set(tokens)


@given(st.lists(st.integers(0, 99), min_size=1, max_size=LONGEST_UNIT, unique=True), st.integers(5, 20))
def test_every_pure_loop_becomes_its_unit(unit, repeats):
    assert kept(unit * repeats) == unit
