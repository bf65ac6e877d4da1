"""What was heard, and what of it a language model is told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley.assistant.contract import Message
from parley.assistant.echo import is_echo, same_words
from parley.assistant.history import Clause, around, fitting, heard_text, tokens_of

CLAUSES = (
    Clause(text="One two three four.", first_sample=0, samples=4000),
    Clause(text="今天天气很好。", first_sample=4000, samples=7000),
)


def test_words_are_heard_in_proportion() -> None:
    assert heard_text(CLAUSES, 0) == ""
    assert heard_text(CLAUSES, 2000) == "One two"
    assert heard_text(CLAUSES, 4000) == "One two three four."
    assert heard_text(CLAUSES, 4000 + 3600) == "One two three four. 今天天"
    assert heard_text(CLAUSES, 11_000) == "One two three four. 今天天气很好。"


@given(st.integers(0, 12_000), st.integers(0, 12_000))
def test_who_hears_longer_hears_more(one: int, other: int) -> None:
    shorter, longer = sorted((one, other))
    assert heard_text(CLAUSES, longer).startswith(heard_text(CLAUSES, shorter))


def message(at: int, size: int) -> Message:
    return Message(role="assistant" if at % 2 else "user", text="word " * size, at=float(at))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=30), st.integers(20, 400))
def test_the_newest_that_fit_are_kept(sizes: list[int], budget: int) -> None:
    history = [message(at, size) for at, size in enumerate(sizes)]
    kept = fitting(history, budget)
    assert sum(tokens_of(each.text) for each in kept) <= budget
    if kept:
        assert kept[0].role == "user"
        assert [each.at for each in kept] == [each.at for each in history[-len(kept) :]]
    if len(sizes) % 2:
        assert kept and kept[-1].at == history[-1].at


def test_a_message_that_is_too_long_by_itself_keeps_its_end() -> None:
    (kept,) = fitting([Message(role="user", text="x" * 1000 + " the end", at=0.0)], 20)
    assert kept.text.endswith(" the end") and tokens_of(kept.text) <= 20


def test_chinese_costs_a_token_a_character() -> None:
    assert tokens_of("今天天气很好") == 6 + 4
    assert tokens_of("four") == 1 + 4


def test_what_sounds_near_a_sample() -> None:
    assert around(CLAUSES, 3900, 0, 50) == "One two three four."
    assert around(CLAUSES, 3900, 0, 200) == "One two three four. 今天天气很好。"


def test_an_echo_has_the_words_of_what_is_played() -> None:
    playing = "The weather is nice today. 今天天气很好。"
    assert is_echo("weather is nice", playing)
    assert is_echo("The feather is nice.", playing)
    assert is_echo("天气很好", playing)
    assert not is_echo("stop", playing)
    assert not is_echo("停下来", playing)
    assert not is_echo("...", playing)
    assert not is_echo("what is that", "")


def test_marks_and_capitals_make_no_other_text() -> None:
    assert same_words("Hello there", "hello, there!")
    assert same_words("你好", "你好。")
    assert not same_words("Hello there", "Hello here")
