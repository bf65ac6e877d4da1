"""Words with times become runs inside islands, whatever the times are."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from parley.signal.grouping import nearest, runs_of
from parley.signal.tokens import Token
from parley.speech.span import Span
from parley.speech.transcript import Word

moments = st.floats(min_value=-5, max_value=60, allow_nan=False).map(lambda value: round(value, 3))


def said(text: str, start: float, end: float) -> Token:
    return Token(f" {text}", start, end, Word(text=text, start=start, end=end))


@st.composite
def islands(draw: st.DrawFn) -> list[Span]:
    widths = draw(st.lists(st.tuples(st.floats(0.05, 5), st.floats(0.1, 8)), min_size=1, max_size=6))
    at, found = 0.0, []
    for pause, width in widths:
        found.append(Span(at + pause, at + pause + width))
        at = found[-1].end
    return found


@st.composite
def sentences(draw: st.DrawFn) -> list[list[Token]]:
    """Times as bad as they come: before the audio, behind it, backwards."""
    numbers = iter(range(1000))
    return [
        [said(f"w{next(numbers)}", start, end) for start, end in words]
        for words in draw(st.lists(st.lists(st.tuples(moments, moments), max_size=6), max_size=6))
    ]


@given(sentences(), islands())
def test_every_word_is_in_one_run_in_order_and_inside_the_islands(
    sentences: list[list[Token]], islands: list[Span]
) -> None:
    runs = runs_of(sentences, islands)
    texts = " ".join(run.text for run in runs).split()
    assert texts == [token.text.strip() for tokens in sentences for token in tokens]
    for before, after in pairwise(runs):
        assert before.span.end <= after.span.start
    for run in runs:
        assert run.span.start <= run.span.end
        assert any(one.start <= run.span.start and run.span.end <= one.end for one in islands)
        times = [moment for token in run.tokens for moment in (token.start, token.end)]
        assert times == sorted(times)
        assert all(
            (token.word.start, token.word.end) == (token.start, token.end)
            for token in run.tokens
            if token.word
        )


def test_good_times_stay_as_they_are() -> None:
    words = [said("one", 1.0, 1.4), said("two", 1.4, 1.9), said("three", 3.2, 3.6)]
    first, second = runs_of([words], [Span(0.9, 2.0), Span(3.0, 4.0)])
    assert (first.text, first.span) == ("one two", Span(1.0, 1.9))
    assert (second.text, second.span) == ("three", Span(3.2, 3.6))


def test_a_sentence_ends_a_run() -> None:
    one, two = [said("Yes.", 1.0, 1.2)], [said("No.", 1.3, 1.6)]
    assert [(run.text, run.sentence) for run in runs_of([one, two], [Span(0.5, 2.0)])] == [
        ("Yes.", 0),
        ("No.", 1),
    ]


def test_words_in_the_silence_behind_belong_to_the_island_they_are_next_to() -> None:
    (run,) = runs_of([[said("late", 5.0, 5.5)]], [Span(1.0, 2.0), Span(20.0, 21.0)])
    assert run.span == Span(1.0, 2.0)


def test_a_loop_is_told_once() -> None:
    words = [said("so", index * 0.1, index * 0.1 + 0.1) for index in range(40)]
    (run,) = runs_of([words], [Span(0.0, 5.0)])
    assert run.text == "so"


def test_a_loop_over_sentences_is_told_once() -> None:
    thanks = [
        [said("Thank", second, second + 0.5), said("you.", second + 0.5, second + 1)] for second in range(9)
    ]
    (run,) = runs_of(thanks, [Span(0.0, 9.0)])
    assert run.text == "Thank you."


def test_marks_alone_are_no_speech() -> None:
    assert (
        runs_of([[said("。", 1.0, 1.5)], [said("...", 2.0, 2.5)], [said("♪", 3.0, 3.5)]], [Span(0, 5)]) == []
    )
    (run,) = runs_of([[said("Yes", 1.0, 1.5), said("…", 1.5, 1.6)]], [Span(0, 5)])
    assert run.text == "Yes …"


@given(islands(), moments, st.integers(0, 5))
def test_the_nearest_island_is_found_on_the_way(islands: list[Span], moment: float, first: int) -> None:
    first = min(first, len(islands) - 1)
    distances = [max(one.start - moment, moment - one.end, 0.0) for one in islands[first:]]
    assert nearest(islands, moment, first) == first + distances.index(min(distances))
