"""What happens in live speech; times are seconds since the session began."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from parley.speech.span import Span

Cause = Literal["silence", "longest", "finalize", "end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechBegan:
    """Somebody speaks since `time`. With `audio_from` that begins an utterance: its audio begins there."""

    time: float
    audio_from: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechEnded:
    """Nobody speaks since `time`."""

    time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """A pause began at `start`: say how long it may last."""

    start: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UtteranceEnded:
    """What was said from `start` to `end`: the speech is `islands`, the audio begins at `audio_from`.

    `cause` is "longest" also where a long utterance ended in a pause shorter than the patience. Behind the
    end there are `silence_s` of silence at least; no more of it is known than decided the end.
    """

    start: float
    end: float
    audio_from: float
    islands: tuple[Span, ...]
    cause: Cause
    silence_s: float = 0.0


Moment = SpeechBegan | SpeechEnded | Paused | UtteranceEnded
