"""What an engine says is looked at before anybody hears it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.engines.contract import Progress, Speech
from parley.errors import EngineFailed, InvalidOption
from parley.speech.voice import SpeakOptions
from parley.wire import frames
from parley.workers.calls import answer
from parley.workers.speaking import MAX_PROMPT_BYTES


class Says:
    """Answers what it was made with."""

    def __init__(self, samples: Any, sample_rate_hz: int = 16000) -> None:
        self._speech = Speech(samples=samples, sample_rate_hz=sample_rate_hz)
        self.asked: list[object] = []

    def speak(self, text: str, options: SpeakOptions, max_s: float, progress: Progress) -> Speech:
        self.asked += [text, options, max_s]
        progress(0.5)
        return self._speech


class Learns(Says):
    """Makes this prompt of anything."""

    def __init__(self, prompt: bytes) -> None:
        super().__init__(np.zeros(0, dtype=np.float32))
        self._prompt = prompt

    def learn(self, speech: Speech, transcript: str, language: str | None) -> bytes:
        self.asked += [speech.samples.tolist(), speech.sample_rate_hz, transcript, language]
        return self._prompt


def asked(engine: Any, request: frames.Request) -> frames.Reply:
    return answer(engine, frames.Call(call_id=1, engine="says", request=request), lambda _: None)


def spoken(engine: Any, max_s: float = 1.0) -> frames.Spoken:
    request = frames.Speak(text="Hello.", options=SpeakOptions(voice="a"), max_s=max_s)
    reply = asked(engine, request)
    assert isinstance(reply, frames.Spoken)
    return reply


def test_the_engine_is_asked_what_the_call_says() -> None:
    engine = Says(np.zeros(3, dtype=np.float32), 22050)
    assert spoken(engine) == frames.Spoken(pcm=bytes(6), sample_rate_hz=22050)
    assert engine.asked == ["Hello.", SpeakOptions(voice="a"), 1.0]


@given(st.lists(st.integers(min_value=-32768, max_value=32767), max_size=50))
def test_samples_of_16_bits_come_through_unchanged(values: list[int]) -> None:
    whole = np.asarray(values, dtype="<i2")
    assert spoken(Says(whole.astype(np.float32) / 32768)).pcm == whole.tobytes()


def test_what_is_too_loud_is_clipped_and_the_rest_is_rounded() -> None:
    samples = np.asarray([1.0, -1.0, 3.0, -3.0, 0.6 / 32768, 0.4 / 32768, -0.6 / 32768], dtype=np.float32)
    values = np.frombuffer(spoken(Says(samples)).pcm, dtype="<i2").tolist()
    assert values == [32767, -32768, 32767, -32768, 1, 0, -1]


def test_nothing_to_say_is_no_fault() -> None:
    assert spoken(Says(np.zeros(0, dtype=np.float32))).pcm == b""


@pytest.mark.parametrize(
    ("samples", "rate_hz", "why"),
    [
        (np.zeros((2, 100), dtype=np.float32), 16000, "no mono audio"),
        (np.zeros(100, dtype=np.int16), 16000, "no mono audio"),
        (np.full(100, math.nan, dtype=np.float32), 16000, "no sound"),
        (np.full(100, math.inf, dtype=np.float32), 16000, "no sound"),
        (np.zeros(100, dtype=np.float32), 7999, "at 7999 Hz"),
        (np.zeros(100, dtype=np.float32), 48001, "at 48001 Hz"),
        (np.zeros(16000 * 2, dtype=np.float32), 16000, r"2\.0 s where 1\.0 s were allowed"),
    ],
)
def test_what_is_no_audio_or_too_much_is_the_engine_s_failure(samples: Any, rate_hz: int, why: str) -> None:
    with pytest.raises(EngineFailed, match=f"'says' .*{why}"):
        spoken(Says(samples, rate_hz))


def test_a_bound_may_be_passed_by_one_frame_of_a_model() -> None:
    assert len(spoken(Says(np.zeros(16000 + 1280, dtype=np.float32))).pcm) == 2 * (16000 + 1280)


def learn(engine: Any, pcm: bytes = b"\x00\x40\x00\xc0") -> frames.Reply:
    request = frames.LearnVoice(pcm=pcm, sample_rate_hz=24000, transcript="Hello.", language="en")
    return asked(engine, request)


def test_a_voice_is_learned_from_samples() -> None:
    engine = Learns(b"a prompt")
    assert learn(engine) == frames.VoiceLearned(prompt=b"a prompt")
    assert engine.asked == [[0.5, -0.5], 24000, "Hello.", "en"]


@pytest.mark.parametrize("prompt", [b"", bytes(MAX_PROMPT_BYTES + 1)])
def test_a_prompt_is_neither_empty_nor_endless(prompt: bytes) -> None:
    with pytest.raises(EngineFailed, match=f"a prompt of {len(prompt)} bytes"):
        learn(Learns(prompt))


def test_an_engine_without_clones_says_so() -> None:
    with pytest.raises(EngineFailed, match="'says' cannot learn voices"):
        learn(Says(np.zeros(0, dtype=np.float32)))


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(InvalidOption, match="whole samples"):
        learn(Learns(b"a prompt"), b"\x00\x00\x00")
