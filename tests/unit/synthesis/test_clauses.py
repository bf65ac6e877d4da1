"""How a text is cut into clauses."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.synthesis.clauses import ClauseSplitter
from parley.synthesis.cutting import cut, weight
from parley.synthesis.languages import language_of_text

PIECES = [
    *(
        "Hello there. ",
        "OK. ",
        "No! ",
        "Dr. Smith ",
        "e.g. ",
        "3.5 ",
        "1,000 ",
        "What? ",
        "and then, ",
        "so; ",
    ),
    *(
        "你好。",
        "“很好！”",
        "今天天气很好，",
        "你说呢？",
        "……",
        "《书》",
        "word ",
        "longer-word ",
        "A",
        "b",
        " ",
        "\n\n",
    ),
    *(
        "5 * 3 * 2 ",
        "**",
        "\ue000",
        "U.S. ",
        "1. ",
        "(x) ",
        "e\u0301",
        "👍",
        "…",
        "Mr. ",
        "etc. And ",
        ". ",
        ".",
        ",",
    ),
]
TEXT = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=40).map("".join))


def clauses(text: str, cuts: list[int], most: int = 60) -> list[str]:
    splitter = ClauseSplitter(most)
    borders = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    found = [clause for a, b in itertools.pairwise(borders) for clause in splitter.feed(text[a:b])]
    return found + splitter.flush()


def bare(text: str) -> str:
    return "".join(text.replace("\ue000", "").split())


@given(TEXT, st.lists(st.integers(0, 1000), max_size=20), st.integers(1, 80))
def test_nothing_is_lost_doubled_moved_or_too_long(text: str, cuts: list[int], most: int) -> None:
    found = clauses(text, cuts, most)
    assert bare("".join(found)) == bare(text)
    assert all(clause == clause.strip() and 0 < len(clause) <= most for clause in found)


@given(st.lists(st.text(st.characters(whitelist_categories=("Ll",)), min_size=1, max_size=9), max_size=60))
def test_no_word_is_cut_that_fits(words: list[str]) -> None:
    assert " ".join(clauses(" ".join(words), [], 40)).split() == words


@given(
    st.lists(
        st.sampled_from(["a", "é", "e\u0301", "你", "か\u3099", "👩\u200d🔬", "n\u0303"]),
        min_size=1,
        max_size=80,
    )
)
def test_no_letter_is_parted_from_its_accent(letters: list[str]) -> None:
    for clause in clauses("".join(letters), [], 10):
        assert clause[0] not in "\u0301\u0303\u3099\u200d" and clause[-1] != "\u200d"


SENTENCES = [
    ("This is one sentence. This is another one!", ["This is one sentence.", "This is another one!"]),
    (
        "I paid 3.50 dollars, or 1,000 in all. Then I left.",
        ["I paid 3.50 dollars, or 1,000 in all.", "Then I left."],
    ),
    ("Ask Dr. Smith or Prof. Jones. They know.", ["Ask Dr. Smith or Prof. Jones.", "They know."]),
    (
        "Some fruit, e.g. Apples from here is good. Eat it.",
        ["Some fruit, e.g. Apples from here is good.", "Eat it."],
    ),
    ("OK. That is fine with me.", ["OK. That is fine with me."]),
    ("今天的天气真的很不错。我们走吧！", ["今天的天气真的很不错。", "我们走吧！"]),
    ("他说：“这本书真的很好！”然后他就走了。", ["他说：“这本书真的很好！”", "然后他就走了。"]),
    ("5 * 3 * 2 makes thirty. Is that so?", ["5 * 3 * 2 makes thirty.", "Is that so?"]),
    ("A heading here\n\nAnd a text below it", ["A heading here", "And a text below it"]),
    ("1. Apples are red\n\n2. Pears are green", ["1. Apples are red", "2. Pears are green"]),
    ("", []),
    ("   \n\n  ", []),
]


@pytest.mark.parametrize(("text", "found"), SENTENCES)
@pytest.mark.parametrize("step", [1, 3, 1000])
def test_sentences_are_whole(text: str, found: list[str], step: int) -> None:
    assert clauses(text, list(range(0, len(text), step)), 300) == found


EARLY = [
    ("Well, as far as I can tell, the answer", ["Well, as far as I can tell,"]),
    ("Yes, sure, it", []),
    ("今天的天气真的非常好，我们", ["今天的天气真的非常好，"]),
    ("好的，我", []),
    ("A number such as 1,000,000 is large", []),
    ("It is about half past ten, 10:30 to be", ["It is about half past ten,"]),
    ("他慢慢地走过来说：“好，我们", ["他慢慢地走过来说："]),
]


def test_tiny_sentences_are_joined_with_what_is_there_already() -> None:
    assert clauses("你好！今天的天气真的很不错。我们走吧！", []) == [
        "你好！今天的天气真的很不错。",
        "我们走吧！",
    ]
    splitter = ClauseSplitter(300)
    assert splitter.feed("你好！今") == ["你好！"]


@pytest.mark.parametrize(("text", "found"), EARLY)
def test_the_first_clause_may_end_at_a_comma(text: str, found: list[str]) -> None:
    assert ClauseSplitter(300).feed(text) == found


def test_only_the_first_clause_begins_early() -> None:
    splitter = ClauseSplitter(300)
    assert splitter.feed("Well, as far as I can tell, the answer to that is long, but") == [
        "Well, as far as I can tell,"
    ]
    assert splitter.feed(" good. Next") == ["the answer to that is long, but good."]
    assert splitter.flush() == ["Next"]


def test_a_short_first_sentence_is_said_in_one_piece() -> None:
    assert clauses("It is late in the evening, my dear. Go.", []) == [
        "It is late in the evening, my dear.",
        "Go.",
    ]


LONG = [
    ("one two three, four five six seven", 20, "one two three,"),
    ("one two three four five six", 15, "one two three "),
    ("abcdefghij" * 3, 10, "abcdefghij"),
    ("今天天气很好我们一起去公园散步吧", 8, "今天天气很好我们"),
    ("今天天气很好，我们一起去公园散步吧", 8, "今天天气很好，"),
    ("costs 1,000,000 now", 12, "costs "),
    ("version2好用吗", 8, "version2"),
]


@pytest.mark.parametrize(("text", "most", "first"), LONG)
def test_what_is_too_long_is_cut_where_it_hurts_least(text: str, most: int, first: str) -> None:
    assert text[: cut(text, most)] == first


def test_a_sentence_that_goes_on_is_cut_before_it_ends() -> None:
    splitter = ClauseSplitter(100)
    found = [clause for _ in range(100) for clause in splitter.feed("and so on ")]
    assert len(found) >= 8 and all(50 < len(clause) <= 100 for clause in found)


def test_chinese_weighs_more() -> None:
    assert weight("abc") == 3 and weight("你好") == 6


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hello", "en"),
        ("你好", "zh"),
        ("你好 Hello", "zh"),
        ("Say 你 in Chinese, please.", "en"),
        ("こんにちは", "ja"),
        ("東京に行きます", "ja"),
        ("안녕하세요", "ko"),
        ("Привет", "en"),
        ("123", "en"),
        ("", "en"),
    ],
)
def test_the_language_of_a_text(text: str, language: str) -> None:
    assert language_of_text(text) == language
