"""What a conversation tells its client."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from parley.errors import ParleyError


class State(StrEnum):
    """Whose turn it is, in the words of the wire."""

    IDLE = "Idle"
    LISTENING = "Listening"
    FINALIZING = "FinalizingASR"
    THINKING = "Thinking"
    SPEAKING = "Speaking"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """The state is another one now."""

    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class UserText:
    """What the user says: replaceable while `is_final` is False. `turn` counts from 1; `revision` grows when
    the user goes on before the answer was heard."""

    turn: int
    revision: int
    text: str
    is_final: bool
    confidence: float | None = None
    typed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerText:
    """The answer so far, from its beginning; with `is_complete` as it is remembered (after an interruption:
    what was heard of it)."""

    turn: int
    revision: int
    content: str
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerAudio:
    """Mono s16le for the loudspeaker; `first_sample` counts from the turn's first."""

    turn: int
    sample_rate_hz: int
    first_sample: int
    pcm: bytes
    text: str = ""
    """The clause that begins here, "" in its later pieces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackOrder:
    """What the loudspeaker is to do at once: hold, go on at `from_sample`, or throw away what it has."""

    turn: int
    action: Literal["pause", "resume", "flush"]
    from_sample: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Playback:
    """The first sample of a turn was played, or the last one."""

    turn: int
    status: Literal["started", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Somebody began to speak, or stopped."""

    status: Literal["speech_start", "speech_end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """Of the microphone, 0 to 1."""

    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnMetrics:
    """Where the time of a turn went, in ms from the end of the user's speech (`endpoint_ms`: the silence that
    was waited for; of a typed turn 0); None for what did not happen."""

    turn: int
    endpoint_ms: int | None
    asr_final_ms: int | None
    llm_first_token_ms: int | None
    first_sentence_ms: int | None
    tts_first_audio_ms: int | None
    first_audio_sent_ms: int | None
    interrupted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something failed that the conversation survives."""

    error: ParleyError


@dataclass(frozen=True, slots=True, kw_only=True)
class Farewell:
    """The conversation is over: it was stopped, or `error` says why; the last event."""

    error: ParleyError | None = None


AssistantEvent = (
    StateChanged
    | UserText
    | AnswerText
    | AnswerAudio
    | PlaybackOrder
    | Playback
    | Heard
    | Loudness
    | TurnMetrics
    | Trouble
    | Farewell
)
