"""Delays from the tape, and from what the server says of its stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from parley.bench.live.delays import delays
from parley.bench.talk.conversation import TurnTaken
from parley.bench.talk.report import Stage
from parley.bench.talk.tape import Tape, first_sound, speech_end

STAGES = (
    ("silence that ends the utterance", "endpoint_ms"),
    ("final text", "asr_final_ms"),
    ("language model, first token", "llm_first_token_ms"),
    ("first clause", "first_sentence_ms"),
    ("voice, first audio", "tts_first_audio_ms"),
    ("on its way", "first_audio_sent_ms"),
)
"""In their order: each time counts from the end of speech, so a stage is what it adds to the one before."""

REST = "the way there and back, and the voice's own silence"
"""What the server cannot know."""


def heard_delays(tape: Tape, turns: Sequence[TurnTaken]) -> tuple[float | None, ...]:
    """Of each turn, the seconds from the end of speech to the first sound; None where nothing was heard."""
    microphone, loudspeaker = tape.microphone.samples(), tape.loudspeaker.samples()
    found: list[float | None] = []
    for turn in turns:
        ended = speech_end(microphone, turn.spoken)
        rate_hz = tape.loudspeaker.sample_rate_hz
        first = None if ended is None else first_sound(loudspeaker, rate_hz, ended, turn.until_s)
        found.append(None if first is None or ended is None else first - ended)
    return tuple(found)


def stages(metrics: Iterable[Mapping[str, Any]], heard: Iterable[float | None]) -> tuple[Stage, ...]:
    """What each stage adds, over the turns in which it happened; `heard` are the delays of the same turns, of
    which the stages leave a rest."""
    added: dict[str, list[float]] = {}
    rest: list[float] = []
    for turn, delay in zip(metrics, heard, strict=True):
        before = 0.0
        for name, key in STAGES:
            at = turn.get(key)
            if at is not None:
                added.setdefault(name, []).append(max(0.0, at / 1000 - before))
                before = max(before, at / 1000)
        if delay is not None:
            rest.append(max(0.0, delay - before))
    found = [(name, delays(values)) for name, values in {**added, REST: rest}.items()]
    return tuple(Stage(name=name, delay=delay) for name, delay in found if delay is not None)
