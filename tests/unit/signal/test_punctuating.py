from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley.signal.punctuating import MARKS, share_out

LETTERS = st.text("你好ab C，.", max_size=8)


def test_marks_go_to_the_texts_they_stand_in() -> None:
    texts = ["今天 天气", "hello World", "", "好 吧"]
    assert share_out(texts, "今天天气，hello，World。好吧？") == [
        "今天 天气，",
        "hello, World.",
        "",
        "好 吧？",
    ]


def test_words_that_were_changed_are_found_out() -> None:
    assert share_out(["Hello"], "hello。") is None
    assert share_out(["你好"], "你。") is None
    assert share_out(["你好"], "你好吗。") is None
    assert share_out(["你好"], "，你好") is None


def test_a_mark_that_is_there_stays_alone() -> None:
    assert share_out(["你好。"], "你好。。") == ["你好。"]
    assert share_out(["你好"], "你好，。") == ["你好，"]


@given(
    st.lists(LETTERS, max_size=5),
    st.lists(st.sampled_from(["", "", "，", "。", "？"]), min_size=40, max_size=40),
)
def test_nothing_but_marks_is_ever_added(texts: list[str], marks: list[str]) -> None:
    whole = "".join(texts).replace(" ", "")
    shared = share_out(texts, "".join(char + mark for char, mark in zip(whole, marks, strict=False)))
    assert shared is not None
    for text, punctuated in zip(texts, shared, strict=True):
        assert [char for char in punctuated if char not in MARKS] == [
            char for char in text if char not in MARKS
        ]
        assert len(punctuated) <= 2 * len(text)


@given(st.lists(LETTERS, max_size=4), st.text("你好ab，。 ", max_size=20))
def test_any_answer_is_taken_or_refused(texts: list[str], answer: str) -> None:
    shared = share_out(texts, answer)
    assert shared is None or len(shared) == len(texts)
