from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.formats.strategies import segments

from parley.formats.breaks import atoms
from parley.formats.clock import span_ms
from parley.formats.spread import Times, atom_times
from parley.formats.text import clean
from parley.speech.transcript import Segment, Word


def spread(text: str, span: Times, *words: tuple[str, float, float]) -> list[Times]:
    timed = [Word(text=word, start=start, end=end) for word, start, end in words]
    return atom_times(atoms(text, 42), span, timed)


def test_without_words_time_goes_by_width() -> None:
    assert spread("abc, de 你好", (0, 1000)) == [(0, 400), (400, 600), (600, 800), (800, 1000)]


def test_words_give_their_times_to_the_same_letters() -> None:
    words = ("well", 1.0, 1.5), ("known", 1.5, 2.0), ("fact", 3.0, 3.5)
    assert spread("Well-known: FACT!", (0, 4000), *words) == [(1000, 2000), (3000, 3500)]


def test_a_chinese_word_is_divided_among_its_characters() -> None:
    assert spread("你好，吗", (0, 4000), ("你好", 1.0, 2.0), ("吗", 3.0, 3.5)) == [
        (1000, 1500),
        (1500, 2000),
        (3000, 3500),
    ]


def test_what_was_written_otherwise_takes_the_time_between() -> None:
    words = (
        ("there", 0.0, 0.4),
        ("are", 0.5, 0.8),
        ("twenty", 1.0, 1.4),
        ("five", 1.5, 1.9),
        ("now", 2.4, 2.8),
    )
    assert spread("There are 25 now", (0, 3000), *words) == [(0, 400), (500, 800), (800, 2400), (2400, 2800)]


def test_a_phrase_is_divided_by_letters_and_its_pause_is_kept() -> None:
    phrases = ("Well, I", 0.0, 0.5), ("think so", 2.0, 2.7)
    assert spread("Well, I think so.", (0, 3000), *phrases) == [
        (0, 400),
        (400, 500),
        (2000, 2500),
        (2500, 2700),
    ]


def test_words_outside_the_segment_are_moved_in() -> None:
    assert spread("a b", (1000, 2000), ("a", 0.0, 1.5), ("b", 1.4, 9.0)) == [(1000, 1400), (1400, 2000)]


def test_a_long_segment_that_does_not_match_is_spread_in_proportion() -> None:
    text = " ".join(["hello"] * 400)
    times = spread(text, (0, 2399), ("goodbye", 5.0, 6.0))
    assert times[0] == (0, 5) and times[-1][1] == 2399


@given(segments(), st.integers(8, 42))
def test_times_are_in_order_and_inside(segment: Segment, width: int) -> None:
    pieces = atoms(clean(segment.text), width)
    span = span_ms(segment.start, segment.end)
    times = atom_times(pieces, span, segment.words or segment.phrases)
    assert len(times) == len(pieces)
    assert all(span[0] <= start <= end <= span[1] for start, end in times)
    assert all(before[1] <= after[0] for before, after in pairwise(times))
