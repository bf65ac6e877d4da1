"""English text becomes words that a lexicon has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.engines.tts.english_words import cardinal, numbers_said, ordinal, spelt, words_of

KNOWN = {
    "hello",
    "world",
    "chat",
    "data",
    "base",
    "cats",
    "cat",
    "open",
    "i'm",
    *"abcdefghijklmnopqrstuvwxyz",
}


def said(text: str) -> str:
    return " ".join(numbers_said(text).split())


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("0", "zero"),
        ("17 cats", "seventeen cats"),
        ("105", "one hundred five"),
        ("1,234,567", "one million two hundred thirty four thousand five hundred sixty seven"),
        ("in 1984", "in nineteen eighty four"),
        ("in 1905", "in nineteen oh five"),
        ("in 1900", "in nineteen hundred"),
        ("in 2026", "in twenty twenty six"),
        ("in 2005", "in two thousand five"),
        ("3.14", "three point one four"),
        ("50%", "fifty percent"),
        ("$5", "five dollars"),
        ("the 1st, 2nd, 3rd, 12th", "the first , second , third , twelfth"),
        ("20th and 21st", "twentieth and twenty first"),
        ("007", "zero zero seven"),
        ("9" * 16, " ".join(["nine"] * 16)),
    ],
)  # fmt: skip
def test_numbers_are_said(written: str, spoken: str) -> None:
    assert said(written) == spoken


@given(st.text(max_size=60))
def test_no_digit_is_left_and_nothing_else_is_lost(text: str) -> None:
    after = numbers_said(text)
    assert not re.search(r"[0-9]", after)
    kept = [char for char in text if char.isalpha() and not char.isascii()]
    assert [char for char in after if char.isalpha() and not char.isascii()] == kept


@given(st.integers(min_value=0, max_value=10**15 - 1))
def test_every_number_has_words(number: int) -> None:
    assert re.fullmatch(r"[a-z]+( [a-z]+)*", cardinal(number))
    assert ordinal(number) != cardinal(number)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Hello, world!", "Hello, world!"),
        ("ChatXYZ", "Chat X Y Z"),
        ("database", "data base"),
        ("OpenData", "Open Data"),
        ("the cat’s", "T H E cats"),
        ("I’m", "I'm"),
        ("USA", "U S A"),
        ("你好 Zyx", "你好 Z Y X"),
    ],
)
def test_strange_words_are_said_in_parts(written: str, spoken: str) -> None:
    assert spelt(written, KNOWN) == spoken


@given(st.text(max_size=60))
def test_what_is_spelt_has_the_same_letters(text: str) -> None:
    before, after = (re.sub(r"[\s'’]", "", each).casefold() for each in (text, spelt(text, set("abc"))))
    assert before.replace("'s", "") == after.replace("'s", "")


def test_the_english_words_of_a_lexicon(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.txt"
    path.write_text("hello h ə l\n你 n i3\nUSA j u\n\n", "utf-8")
    assert words_of(path) == {"hello", "usa"}
