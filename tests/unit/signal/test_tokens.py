from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from parley.signal.tokens import is_said, is_unspaced, spread_tokens, tokens_of_words
from parley.speech.transcript import Word

texts = st.text(alphabet="ab é你好。，!? \t1２カ𠀀", max_size=60)


@given(texts, st.floats(0, 1000), st.floats(0, 100))
def test_tokens_cover_the_text_in_order_and_stay_inside_the_time(
    text: str, start: float, length: float
) -> None:
    tokens = spread_tokens(text, start, start + length)
    assert "".join(token.text for token in tokens) == (text if text.strip() else "")
    assert all(before.end == after.start for before, after in pairwise(tokens))
    assert all(start - 1e-6 <= token.start <= token.end <= start + length + 1e-6 for token in tokens)


def test_latin_words_and_chinese_characters_are_tokens() -> None:
    text = "用 Parley 转写，好。OK now"
    tokens = [token.text for token in spread_tokens(text, 0, 1)]
    assert tokens == ["用 ", "Parley ", "转", "写，", "好。", "OK ", "now"]


def test_a_chinese_syllable_takes_as_long_as_several_letters() -> None:
    tokens = spread_tokens("好 a", 0.0, 7.0)
    assert tokens[0].end == 5.0


def test_words_lend_their_times_to_the_text_around_them() -> None:
    text = "Yes, he said. No!"
    words = [
        Word(text="yeah", start=0.0, end=0.1),  # not in the text: passed over
        Word(text="he", start=0.5, end=0.6),
        Word(text="said", start=0.7, end=1.0),
        Word(text="no", start=2.0, end=2.5),
    ]
    tokens = tokens_of_words(text, words)
    assert [token.text for token in tokens] == ["Yes, he ", "said. ", "No!"]
    assert [(token.start, token.end) for token in tokens] == [(0.5, 0.6), (0.7, 1.0), (2.0, 2.5)]


def test_the_middle_lies_between() -> None:
    assert spread_tokens("word", 2.0, 3.0)[0].middle == 2.5


def test_scripts_without_spaces() -> None:
    assert is_unspaced("你好。")
    assert is_unspaced("Hi カ")
    assert not is_unspaced("你好 OK!")
    assert not is_unspaced("?!")


def test_a_text_of_marks_says_nothing() -> None:
    assert [is_said(text) for text in ("", " ", "。", "...", "♪", "a", "5", "好。", "…한")] == [
        *[False] * 5,
        *[True] * 4,
    ]
