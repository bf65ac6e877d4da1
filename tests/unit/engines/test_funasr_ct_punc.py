"""Marks that FunASR's CT-Transformer found, put into the texts as they were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.engines.punctuation import funasr_ct_punc
from parley.engines.punctuation.funasr_ct_punc import CtPunc

PUNCTUATION = ["<unk>", "_", "，", "。", "？", "、"]


class Numbers(list[int]):
    """What stands for a tensor."""

    def tolist(self) -> list[int]:
        return list(self)


class Opened:
    """A model that says one number after each of its words."""

    def __init__(self, numbers: Sequence[int], words: Sequence[str] | None = None) -> None:
        self.model = self
        self.punc_list = PUNCTUATION
        self.jieba_usr_dict = None
        self.asked: list[str] = []
        self._numbers = numbers
        self.words = words

    def infer(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        self.asked += texts
        count = len(self.split_words(texts[0], None))
        return [{"punc_array": Numbers((*self._numbers, *[1] * count)[:count])}]

    def split_words(self, text: str, jieba_usr_dict: object) -> list[str]:
        if self.words is not None:
            return list(self.words)
        spaced = "".join(char if char.isascii() else f" {char} " for char in text)
        return spaced.split()


def engine(monkeypatch: pytest.MonkeyPatch, opened: Opened) -> CtPunc:
    monkeypatch.setattr(funasr_ct_punc, "library", lambda name: opened)
    made = object.__new__(CtPunc)
    made._opened = opened  # type: ignore[assignment]
    return made


def test_marks_stand_in_the_script_of_the_word_before(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Opened([1, 2, 1, 3, 1, 4])
    texts = ["你好 hello", "world", "", "ok 吗"]
    assert engine(monkeypatch, opened).punctuate(texts, "zh") == ["你好， hello", "world.", "", "ok 吗？"]


def test_a_sentence_inside_a_text_begins_with_a_capital(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Opened([3, 1, 3])
    assert engine(monkeypatch, opened).punctuate(["yes that works"], "en") == ["yes. That works."]


def test_texts_with_marks_and_addresses_are_never_given_to_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Opened([])
    texts = ["好。", "http://example.org/a", "https://x", "at 10:30 it was 3.5", "a, b", "two\nlines"]
    assert engine(monkeypatch, opened).punctuate(texts, None) == texts
    assert opened.asked == ["at 10:30 it was 3.5"]


def test_texts_whose_words_came_back_otherwise_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Opened([3, 3], words=["你", "坏"])
    assert engine(monkeypatch, opened).punctuate(["你好"], "zh") == ["你好"]


@given(st.lists(st.text("你好abC '5", max_size=8), max_size=5), st.lists(st.integers(0, 5), max_size=40))
def test_no_word_is_ever_changed(texts: list[str], numbers: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        punctuated = engine(patch, Opened(numbers)).punctuate(texts, None)
    assert len(punctuated) == len(texts)
    for before, after in zip(texts, punctuated, strict=True):
        bare = "".join(char for char in after if char not in "，。？、,.?")
        assert bare.casefold() == before.casefold()
