"""Times of words as FunASR's clients read them."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from parley.server.funasr.stamps import Stamped, clauses, stamped, timestamp
from parley.speech.transcript import Word


def words(*told: str) -> list[Word]:
    return [Word(text=text, start=float(at), end=at + 0.5) for at, text in enumerate(told)]


def as_page_does(text: str, pairs: list[list[int]]) -> list[tuple[float, str]]:
    """What FunASR's page shows; it fails where a pair is missing."""
    shown: list[tuple[float, str]] = []
    index = 0
    for word in re.sub("[。？，、?. ]", ",", text).split(","):
        if word:
            shown.append((pairs[index][0] / 1000, word))
            index += 1 if re.fullmatch("[a-zA-Z]+", word) else len(word)
    return shown


def test_english_has_a_pair_for_each_word():
    units = stamped(words("Good", "morning,", "everybody."))
    assert units == [
        Stamped("Good", 0, 500),
        Stamped("morning", 1000, 1500),
        Stamped("everybody", 2000, 2500),
    ]
    assert timestamp("Good morning, everybody.", units) == "[[0,500],[1000,1500],[2000,2500]]"


def test_chinese_has_a_pair_for_each_character():
    units = stamped(
        [Word(text="你好", start=1.0, end=2.0), Word(text="吗？", start=2.0, end=2.5)], offset_s=10.0
    )
    assert [(unit.text, *unit.pair) for unit in units] == [
        ("你", 11000, 11500),
        ("好", 11500, 12000),
        ("吗", 12000, 12500),
    ]


def test_both_in_one_word():
    assert [unit.text for unit in stamped(words("用Parley吧", "—", "  "))] == ["用", "Parley", "吧"]


def test_clauses_end_at_signs():
    text = "正是因为，it works. Well"
    units = stamped(words("正", "是", "因", "为", "it", "works", "Well"))
    found = clauses(text, units)
    assert found is not None
    assert [(each.text_seg, each.punc, each.start, each.end) for each in found] == [
        ("正 是 因 为", "，", 0, 3500),
        ("it works", ".", 4000, 5500),
        ("Well", "", 6000, 6500),
    ]
    assert found[0].ts_list == ((0, 500), (1000, 1500), (2000, 2500), (3000, 3500))


def test_clauses_of_a_text_that_was_rewritten():
    found = clauses(
        "I have 20 apples, you know.", stamped(words("I", "have", "twenty", "apples", "you", "know"))
    )
    assert found is not None
    assert [each.text_seg for each in found] == ["I have twenty apples", "you know"]


def test_no_words_no_times():
    assert timestamp("Hello", []) is None
    assert clauses("Hello", []) is None


@given(
    st.lists(
        st.sampled_from(["I", "don't", "have", "3.5", "well-known", "你好", "吗？", "apples,", "OK!"]),
        min_size=1,
    )
)
def test_the_page_of_funasr_finds_a_pair_for_everything_it_looks_for(told: list[str]):
    text, units = " ".join(told), stamped(words(*told))
    pairs = json.loads(timestamp(text, units) or "")
    assert [tuple(pair) for pair in pairs[: len(units)]] == [unit.pair for unit in units]
    assert as_page_does(text, pairs)


@given(st.lists(st.sampled_from(["I", "have", "apples", "and", "time"]), min_size=1))
def test_nothing_is_added_where_the_page_counts_as_we_do(told: list[str]):
    assert len(json.loads(timestamp(" ".join(told), stamped(words(*told))) or "")) == len(told)
