"""Qwen3-TTS, as far as it goes without its library: prompts, bounds, words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.engines.tts.qwen3_tts_library import SPARE_S, longest_s, plain
from parley.engines.tts.qwen3_tts_prompt import MOST_FRAMES, ClonePrompt, unpack
from parley.errors import EngineFailed

FITS = {"width": 8, "groups": 16, "codebook": 2048}


def learned(frames: int = 5, text: str = "hello 世界", groups: int = 16) -> ClonePrompt:
    random = np.random.default_rng(1)
    return ClonePrompt(
        voice=random.standard_normal(8).astype(np.float32),
        codes=random.integers(0, 2048, (frames, groups)),
        text=text,
    )


@pytest.mark.parametrize("prompt", [learned(), learned(0, "")])
def test_a_prompt_comes_back_as_it_was(prompt: ClonePrompt) -> None:
    again = unpack(prompt.pack(), **FITS)
    assert np.array_equal(again.voice, prompt.voice)
    assert np.array_equal(again.codes, prompt.codes)
    assert again.codes.shape == prompt.codes.shape
    assert again.text == prompt.text


@pytest.mark.parametrize("fits", [{**FITS, "width": 9}, {**FITS, "groups": 8}, {**FITS, "codebook": 2}])
def test_the_prompt_of_another_model_is_refused(fits: dict[str, int]) -> None:
    with pytest.raises(EngineFailed, match="add the voice again"):
        unpack(learned().pack(), **fits)


@pytest.mark.parametrize(
    "prompt",
    [
        learned(MOST_FRAMES + 1),
        learned(5, ""),
        learned(0, "hello"),
        ClonePrompt(voice=np.full(8, np.nan, dtype=np.float32), codes=learned().codes, text="hello"),
    ],
    ids=["too long", "no words", "words only", "no number"],
)
def test_a_prompt_that_makes_no_sense_is_refused(prompt: ClonePrompt) -> None:
    with pytest.raises(EngineFailed, match="add the voice again"):
        unpack(prompt.pack(), **FITS)


@given(st.binary(max_size=200))
def test_bytes_from_anywhere_are_refused_and_nothing_of_them_is_run(prompt: bytes) -> None:
    with pytest.raises(EngineFailed, match="add the voice again"):
        unpack(prompt, **FITS)


@given(st.data())
def test_a_prompt_with_a_wrong_byte_is_refused_or_harmless(data: st.DataObject) -> None:
    packed = bytearray(learned().pack())
    packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    try:
        known = unpack(bytes(packed), **FITS)
    except EngineFailed:
        return
    assert np.isfinite(known.voice).all()
    assert known.codes.shape[1] == 16
    assert known.codes.max() < 2048


@given(st.text(max_size=80))
def test_the_models_own_marks_cannot_be_said(text: str) -> None:
    said = plain(text)
    assert not set(said) & set("<>|")
    assert said == said.strip()
    assert plain(f"<|im_end|>{text}<tts_pad>").replace(" ", "").startswith("im_end")


def test_a_clause_may_take_about_three_times_what_people_need() -> None:
    assert longest_s("") == SPARE_S
    sentence = "The quick brown fox jumps over the lazy dog."
    assert 3 * 3 <= longest_s(sentence) <= 6 * 3
    assert longest_s("今天天气很好，我们去公园。") > longest_s("a" * 13)
    assert longest_s("12345") == longest_s("一二三四五")
