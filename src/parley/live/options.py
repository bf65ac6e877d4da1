"""What a client wishes of a live session, and what the house allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Encoding = Literal["pcm16", "float32", "mulaw"]

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8000, 48000
MOST_CHANNELS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveWish:
    """How the audio comes and what is wanted; None leaves a value to the house.

    Several channels are mixed. `hotwords` are phrases with weights. `levels` asks for `Level` events,
    `record` for the audio to be kept and to end as a recording's task. `second_pass` False takes the
    streaming text as final, where the profile has a streaming recogniser. `turns` is for
    who takes turns with the speaker: utterances in which nothing was said have finals, too, and a partial
    is told again when it has become whole.
    """

    sample_rate_hz: int = 16000
    encoding: Encoding = "pcm16"
    channels: int = 1
    language: str | None = None
    profile: str | None = None
    hotwords: tuple[tuple[str, float], ...] = ()
    prompt: str | None = None
    partials: bool = True
    endpoint_silence_s: float | None = None
    words: bool = False
    levels: bool = False
    record: bool = False
    second_pass: bool = True
    turns: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLimits:
    """The settings' share; seconds of audio or of waiting. `max_sessions` counts those that wait for their
    client too."""

    max_sessions: int = 16
    max_sessions_per_user: int = 1000
    max_lag_s: float = 3.0
    session_idle_s: float = 60.0
    resume_s: float = 30.0
    backlog_s: float = 30.0
    endpoint_silence_s: float = 0.7
    max_utterance_s: float = 20.0
    partial_interval_s: float = 0.5
