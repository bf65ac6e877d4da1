"""From FunASR's tokens to words and pieces, and from stretches to batches and back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.engines.contract import Samples, Stretch
from parley.engines.funasr_batches import batches_of, heard_in_batches
from parley.engines.funasr_models import LEAST_SAMPLES
from parley.engines.funasr_words import Spoken, pieces_of, spaced
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.span import Span

TEXTS = ["你", "好", "hello", "it's", "5", "g", "カ", "안녕", "é", "世界"]
TIMES = st.floats(-5, 40, allow_nan=False)
WORDS = st.lists(
    st.builds(
        Spoken,
        text=st.sampled_from(TEXTS),
        start=TIMES,
        end=TIMES,
        log=st.none() | st.floats(-30, 1),
        mark=st.sampled_from(["", "", "，", "。", ",", "?"]),
    ),
    max_size=25,
)


@st.composite
def stretches(draw: st.DrawFn) -> Stretch:
    spans: list[Span] = []
    at = 0.0
    for gap, length in draw(st.lists(st.tuples(st.floats(0, 2), st.floats(0.01, 5)), max_size=5)):
        spans.append(Span(at + gap, at + gap + length))
        at += gap + length
    return Stretch(samples=np.zeros(int(at * SAMPLE_RATE_HZ) + 1, dtype=np.float32), islands=tuple(spans))


@given(WORDS, stretches(), st.booleans())
def test_pieces_lie_inside_islands_in_order_whatever_the_times(
    words: list[Spoken], stretch: Stretch, with_words: bool
) -> None:
    at = 0.0
    for piece in pieces_of(words, stretch, with_words=with_words):
        assert at - 1e-9 <= piece.start <= piece.end
        assert any(
            island.start - 1e-9 <= piece.start and piece.end <= island.end + 1e-9
            for island in stretch.islands
        )
        assert piece.text == piece.text.strip() != ""
        assert piece.confidence is None or 0 <= piece.confidence <= 1
        at = piece.end
        assert (piece.words is not None) == with_words
        times = [time for word in piece.words or () for time in (word.start, word.end)]
        assert times == sorted(times)
        assert not times or (piece.start - 1e-9 <= times[0] and times[-1] <= piece.end + 1e-9)


def test_a_word_in_a_short_island_is_not_told_with_the_island_it_touches() -> None:
    islands = (Span(0.0, 1.0), Span(1.0, 1.015625))
    stretch = Stretch(samples=np.zeros(16251, dtype=np.float32), islands=islands)
    words = [Spoken(text="你", start=0.0, end=1.0), Spoken(text="好", start=1.0, end=1.01)]
    pieces = pieces_of(words, stretch, with_words=False)
    assert [(piece.text, piece.start, piece.end) for piece in pieces] == [("你", 0.0, 1.0), ("好", 1.0, 1.01)]


def test_what_is_said_repeatedly_stays() -> None:
    stretch = Stretch(samples=np.zeros(SAMPLE_RATE_HZ * 9, dtype=np.float32), islands=(Span(0.0, 9.0),))
    digits = [Spoken(text=digit, start=at, end=at + 0.5) for at, digit in enumerate("零零零零零零一")]
    (piece,) = pieces_of(digits, stretch, with_words=True)
    assert piece.text == "零零零零零零一"
    assert len(piece.words or ()) == 7


def said(*texts: str) -> str:
    words = [text.partition("|") for text in texts]
    return "".join(spaced([Spoken(text=text, mark=mark, start=0, end=0) for text, _, mark in words]))


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("你", "好"), "你好"),
        (("hello", "world"), "hello world"),
        (("it's", "5", "g"), "it's 5 g"),
        (("hello|,", "it's"), "hello, it's"),
        (("你|，", "hello|?", "yes|。", "好"), "你，hello? yes。好"),
        (("안녕", "하세요"), "안녕 하세요"),
        ((), ""),
    ],
)
def test_words_are_joined_as_their_scripts_are_written(words: tuple[str, ...], text: str) -> None:
    assert said(*words) == text


LENGTHS = st.lists(st.integers(0, 30 * SAMPLE_RATE_HZ), max_size=30)


@given(LENGTHS, st.floats(0, 300))
def test_each_stretch_is_in_one_batch_that_is_not_too_large(lengths: list[int], most_s: float) -> None:
    batches = batches_of(lengths, most_s)
    long_enough = [place for place, length in enumerate(lengths) if length >= LEAST_SAMPLES]
    assert sorted(place for batch in batches for place in batch) == long_enough
    for batch in batches:
        padded = max(lengths[place] for place in batch) * len(batch)
        assert len(batch) == 1 or padded <= most_s * SAMPLE_RATE_HZ


@given(st.lists(st.integers(0, 5 * LEAST_SAMPLES), max_size=12))
def test_answers_come_back_in_the_order_of_the_stretches(lengths: list[int]) -> None:
    given = [Stretch(samples=np.zeros(length, dtype=np.float32), islands=()) for length in lengths]
    heard_s: list[float] = []

    def hear(audio: Sequence[Samples]) -> list[int]:
        assert all(len(one) <= len(other) for one, other in pairwise(audio))
        return [len(samples) for samples in audio]

    found = heard_in_batches(given, hear, heard_s.append, 0.5)
    assert found == [length if length >= LEAST_SAMPLES else None for length in lengths]
    assert heard_s == sorted(heard_s)
    assert not heard_s or heard_s[-1] == pytest.approx(sum(filter(None, found)) / SAMPLE_RATE_HZ)
