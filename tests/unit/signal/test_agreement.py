from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley.signal.agreement import DECODES, SPAN_S, Agreement


def taken(*texts: str) -> Agreement:
    line = Agreement()
    for text in texts:
        line.take(text)
    return line


def stable_after(*texts: str) -> str:
    return taken(*texts).stable


def test_what_three_decodes_agree_on_is_stable_but_for_the_last_word() -> None:
    line = Agreement()
    assert line.take("The cat") == ("The", 0)
    assert line.take("The cat sat") == ("The cat", 0)
    assert line.take("The cat sat on") == ("The cat sat", len("The cat"))
    assert line.take("The cat sad on the") == ("The cat sad on", len("The cat"))


def test_the_last_word_is_shown_when_it_was_there_before_or_nobody_speaks() -> None:
    line = Agreement()
    assert line.take("The cat")[0] == "The"
    assert line.take("The cat.")[0] == "The cat."
    assert line.take("The cat sat.")[0] == "The cat"
    assert line.take("The cat sat down.", is_paused=True)[0] == "The cat sat down."


def test_marks_and_case_are_no_disagreement_and_a_mark_behind_is_not_stable() -> None:
    assert (
        stable_after("the cat, sat", "The cat. Sat", "The cat sat,", "The cat, sat on the") == "The cat, sat"
    )


def test_scripts_without_spaces_agree_by_characters() -> None:
    line = Agreement()
    assert line.take("你好") == ("你", 0)
    assert line.take("你好，是") == ("你好", 0)
    assert line.take("你好，世界") == ("你好，世", 2)
    assert line.take("你好，世界和平") == ("你好，世界和", 2)
    assert line.take("你好，世界和平。") == ("你好，世界和平。", 5)
    assert line.settle("您好，世界，和平万岁。") == "你好，世界，和平万岁。"


def test_thai_vowels_stay_with_their_letters() -> None:
    assert stable_after(*["สวัสดีครับ"] * DECODES) == "สวัสดีครั"


def test_decodes_that_come_fast_agree_no_sooner() -> None:
    line = Agreement()
    steps = 20
    stable_at = next(
        number * SPAN_S / steps
        for number in range(1, 3 * steps)
        if line.take("one two three", number * SPAN_S / steps)[1]
    )
    assert SPAN_S <= stable_at <= SPAN_S * (1 + 2 / steps)


def test_decodes_that_come_slowly_still_are_three() -> None:
    line = Agreement()
    assert [line.take("one two", 5.0 * number)[1] for number in range(1, 4)] == [0, 0, len("one")]


def test_a_final_keeps_what_was_stable_and_takes_the_rest() -> None:
    line = taken(*["I tried it and likened it"] * DECODES)
    assert line.stable == "I tried it and likened"
    assert line.settle("I've tried it, and liked it, maybe.") == "I tried it and likened it, maybe."
    assert line.settle("") == "I tried it and likened"
    assert line.settle("Something else") == "I tried it and likened"
    assert line.settle("I tried it and likened it.") == "I tried it and likened it."


def test_a_final_with_a_word_more_or_less_is_aligned() -> None:
    line = taken(*["one two three four five"] * DECODES)
    assert line.settle("one three four five six seven") == "one two three four five six seven"
    assert line.settle("oh one two and three four five six") == "one two three four five six"


def test_texts_of_any_length_take_no_time() -> None:
    line = taken(*["a " * 20_000] * DECODES)
    assert line.settle("b " * 30_000).startswith(line.stable)


texts = st.one_of(
    st.text(max_size=30),
    st.lists(
        st.sampled_from(["the", "cat", "The", "cat.", "sat,", "你", "好", "，", "-", "ß", " "]), max_size=9
    ).map(" ".join),
    st.lists(st.sampled_from(["你", "好", "世", "界", "，", "。", "a"]), max_size=9).map("".join),
)


@given(st.lists(st.tuples(texts, st.booleans()), max_size=8), texts)
def test_stable_text_stays_whatever_comes(decodes: list[tuple[str, bool]], final: str) -> None:
    line = Agreement()
    for text, is_paused in decodes:
        before = line.stable
        shown, count = line.take(text, is_paused=is_paused)
        assert line.stable.startswith(before)
        assert shown[:count] == line.stable
    settled = line.settle(final)
    assert settled.startswith(line.stable)
    if final.startswith(line.stable):
        assert settled == final
    assert line.settle(settled) == settled


@given(texts)
def test_without_stable_text_a_final_is_itself(final: str) -> None:
    assert Agreement().settle(final) == final
    assert taken("one", "two", "three").settle(final) == final
