"""What fits in front of Whisper, and what is said of the rest."""

from hypothesis import given
from hypothesis import strategies as st

from parley.engines.asr.whisper_steering import (
    LONG_PROMPT,
    MOST,
    MOST_OF_HOTWORDS,
    Steering,
    steering,
)
from parley.speech.recognition import RecognitionOptions

words = st.text(st.characters(codec="utf-8", exclude_characters="|<>"), max_size=30)


def letters(text: str) -> list[int]:
    return [ord(letter) for letter in text]


def of(**options: object) -> Steering:
    return steering(RecognitionOptions(**options), letters)  # type: ignore[arg-type]


@given(
    prompt=st.one_of(st.none(), st.text(max_size=400)),
    hotwords=st.lists(st.tuples(words, st.floats(0, 10)), max_size=30),
)
def test_there_is_never_more_than_whisper_reads(
    prompt: str | None, hotwords: list[tuple[str, float]]
) -> None:
    front = of(prompt=prompt, hotwords=tuple(hotwords))
    assert front.tokens <= MOST
    taken = len(letters(f" {front.hotwords}")) if front.hotwords else 0
    assert taken <= MOST_OF_HOTWORDS
    assert front.tokens == taken + len(front.prompt)


def test_nothing_asked_is_nothing_in_front() -> None:
    assert of() == Steering("", (), 0, ())


def test_hotwords_that_do_not_fit_are_named_in_a_notice() -> None:
    front = of(hotwords=tuple((f"word{index:04}", 1.0) for index in range(40)))
    kept = front.hotwords.count(",") + 1
    assert kept < 40
    assert f"{kept} of 40" in front.notices[0]


def test_of_a_long_prompt_the_end_is_kept_beside_hotwords() -> None:
    front = of(prompt="x" * 500 + "END", hotwords=(("Parley", 1.0),))
    assert front.notices == (LONG_PROMPT,)
    assert front.tokens == MOST
    assert "".join(map(chr, front.prompt)).endswith("END")


def test_marks_of_the_tokeniser_are_no_words() -> None:
    front = of(prompt="a <|endoftext|> b", hotwords=(("<|translate|>Parley", 1.0),))
    assert "<|" not in front.hotwords + "".join(map(chr, front.prompt))
    assert front.hotwords == "Parley"
