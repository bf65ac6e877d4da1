"""Pieces to append: nothing is taken back, nothing is told twice, and the whole is what was said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.server.funasr.deltas import Deltas, remainder
from parley.speech.live import Partial

texts = st.lists(
    st.sampled_from(["he", "was", "going", "home", "Berlin,", "你", "好", "吗？", "don't"]), max_size=8
).map(" ".join)


@st.composite
def utterances(draw: st.DrawFn) -> tuple[list[tuple[str, int]], str]:
    """Partials whose stable beginning only grows and stands in the final, as `Partial` promises."""
    final = draw(texts)
    places = sorted(draw(st.lists(st.integers(0, len(final)), max_size=6)))
    return [(final[:place] + draw(texts), place) for place in places], final


@given(st.lists(utterances(), max_size=4))
def test_pieces_of_stable_text_add_up_to_the_finals(told: list[tuple[list[tuple[str, int]], str]]):
    deltas, shown, whole = Deltas(), "", ""
    for number, (partials, final) in enumerate(told):
        whole += deltas.lead(final) + final
        for text, stable in partials:
            shown += deltas.more(Partial(utterance=number, start=0.0, text=text, stable_chars=stable))
            assert whole.startswith(shown)
        shown += deltas.rest(final)
        assert shown == whole


@given(st.lists(st.lists(texts, max_size=5), max_size=4))
def test_whatever_a_streaming_recogniser_says_pieces_are_parts_of_it(told: list[list[str]]):
    deltas = Deltas(revises=False)
    for number, partials in enumerate(told):
        shown = ""
        for text in partials:
            piece = deltas.more(Partial(utterance=number, start=0.0, text=text))
            shown += piece
            if piece:
                assert text == deltas.told
                assert shown.lstrip() == text.lstrip()
        deltas.rest(partials[-1] if partials else "")
        assert deltas.told == ""


@given(texts, texts)
def test_the_remainder_completes_what_was_told(told: str, more: str):
    text = told + more
    assert told + remainder(told, text) == text


@pytest.mark.parametrize(
    ("told", "text", "rest"),
    [
        ("", "All of it.", "All of it."),
        ("good", "Good morning.", " morning."),
        ("he was gong", "He was going home.", " home."),
        ("he was gong ", "He was going home.", "home."),
        ("he was going", "He was going.", "."),
        ("i have twenty", "I have 20 apples.", " apples."),
        ("今天天汽", "今天天气很好。", "很好。"),
        ("one two three", "One two.", "."),
        ("hello", "", ""),
        ("um hello", "Hello there.", " there."),
    ],
)
def test_a_text_that_differs_goes_on_where_the_told_one_ends(told: str, text: str, rest: str):
    assert remainder(told, text) == rest


def test_blanks_between_utterances_where_the_script_has_them():
    deltas = Deltas()
    assert deltas.rest("One.") == "One."
    assert deltas.rest("Two.") == " Two."
    assert deltas.rest("") == ""
    assert deltas.rest("三。") == " 三。"
    assert deltas.rest("四。") == "四。"
    assert deltas.rest("Five.") == "Five."
