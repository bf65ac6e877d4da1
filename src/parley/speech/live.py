"""What a live session tells its listener. Times are seconds on the audio clock: samples received / rate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from parley.errors import ParleyError
from parley.speech.transcript import Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Somebody began to speak, or stopped, at `time`. Every start has its end before the next one."""

    status: Literal["speech_start", "speech_end"]
    time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """What is known of an utterance that goes on; replaces the one before.

    The first `stable_chars` characters of `text` change neither in later partials nor in the final. It is
    `whole` when nobody speaks and everything that was said until then is in it.
    """

    utterance: int
    start: float
    text: str
    stable_chars: int = 0
    whole: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """What was said in an utterance; never changes. Utterances are numbered from 0 without gaps.

    Every utterance that had a partial has exactly one final, be its text empty. `decided` is how far the
    audio had come when its end was.
    """

    utterance: int
    start: float
    end: float
    text: str
    confidence: float | None = None
    words: tuple[Word, ...] | None = None
    language: str | None = None
    decided: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """How far the audio has arrived: sample frames at the client's rate, since the session began.

    `lag_ms` is how long ago the oldest audio arrived that is not dealt with; `skipped_partials` counts
    those left out to keep up.
    """

    received_samples: int
    lag_ms: int = 0
    skipped_partials: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How loud it was lately, in dB below full scale (RMS)."""

    dbfs: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something was lost that the session survives: an utterance that could not be recognised, or a hotword
    that the recogniser cannot spell."""

    error: ParleyError
    utterance: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The input was ended and everything was dealt with; the last event.

    `task_id` is the recording's task where the audio was to be kept.
    """

    utterances: int
    audio_seconds: float
    task_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The session cannot go on (idle, no worker, the server stops); the last event."""

    error: ParleyError


LiveEvent = Voice | Partial | Final | Received | Level | Trouble | Done | Failed
End = Done | Failed
