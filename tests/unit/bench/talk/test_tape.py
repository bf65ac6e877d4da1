"""What can be heard on a recording of both sides."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from parley.bench.talk.conversation import TurnTaken
from parley.bench.talk.measuring import REST, heard_delays, stages
from parley.bench.talk.tape import Tape, Track, first_sound
from parley.speech.span import Span


def tone(seconds: float, rate_hz: int = 16000, level: float = 0.3) -> bytes:
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    return (np.sin(2 * np.pi * 200 * at) * level * 32767).astype("<i2").tobytes()


def silence(seconds: float, rate_hz: int = 16000) -> bytes:
    return bytes(2 * round(seconds * rate_hz))


def test_the_delay_is_what_lies_between_the_two_sounds() -> None:
    tape = Tape()
    tape.loudspeaker.sample_rate_hz = 22050
    tape.microphone.lay(0.0, silence(1.0) + tone(2.0) + silence(3.0))
    # The voice begins with 0.2 s of silence of its own, which one has to wait for too.
    tape.loudspeaker.lay(3.6, silence(0.2, 22050) + tone(1.0, 22050))
    (delay,) = heard_delays(tape, [TurnTaken(spoken=Span(0.5, 3.2), until_s=6.0, stages={})])
    assert delay == pytest.approx(0.8, abs=0.03)


def test_an_answer_that_is_not_heard_has_no_delay() -> None:
    tape = Tape()
    tape.microphone.lay(0.0, tone(1.0) + silence(4.0))
    tape.loudspeaker.lay(1.5, tone(1.0, level=0.001))
    tape.loudspeaker.lay(4.5, tone(0.5))
    assert heard_delays(tape, [TurnTaken(spoken=Span(0.0, 1.1), until_s=4.0, stages={})]) == (None,)


def test_what_comes_early_waits_for_its_place() -> None:
    track = Track()
    assert track.lay(1.0, tone(1.0)) == pytest.approx(2.0)
    assert track.lay(1.5, tone(1.0)) == pytest.approx(3.0)
    assert len(track.samples()) == 48000


def test_what_was_thrown_away_is_not_on_the_tape() -> None:
    track = Track()
    track.lay(0.0, tone(1.0))
    track.lay(1.0, tone(1.0))
    track.cut(0.5)
    assert len(track.samples()) == 8000
    track.lay(0.9, tone(0.1))
    assert first_sound(track.samples(), 16000, 0.6, 2.0) == pytest.approx(0.9, abs=0.01)


def test_a_tape_is_two_files_of_one_clock(tmp_path: Path) -> None:
    tape = Tape()
    tape.microphone.lay(0.0, tone(0.5))
    tape.loudspeaker.sample_rate_hz = 24000
    tape.loudspeaker.lay(1.0, tone(0.5, 24000))
    tape.save(tmp_path / "new", "talk")
    with wave.open(str(tmp_path / "new" / "talk-loudspeaker.wav")) as file:
        assert (file.getframerate(), file.getnframes()) == (24000, 36000)
    with wave.open(str(tmp_path / "new" / "talk-microphone.wav")) as file:
        assert (file.getframerate(), file.getnframes()) == (16000, 8000)


def test_a_stage_is_what_it_adds() -> None:
    turns = [
        {"endpoint_ms": 700, "asr_final_ms": 900, "llm_first_token_ms": 900, "first_sentence_ms": 905},
        {"endpoint_ms": 700, "asr_final_ms": 1100, "llm_first_token_ms": None, "first_sentence_ms": 1105},
    ]
    found = {stage.name: stage.delay for stage in stages(turns, [1.2, None])}
    assert found["silence that ends the utterance"].p50_s == pytest.approx(0.7)
    assert found["final text"].p50_s == pytest.approx(0.3)
    assert found["language model, first token"].count == 1
    assert found["first clause"].longest_s == pytest.approx(0.005)
    assert "voice, first audio" not in found
    assert found[REST].p50_s == pytest.approx(0.295)
