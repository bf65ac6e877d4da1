"""What the server sends on `/asr`. Times are seconds on the audio clock: samples received / rate."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from parley.wire.native.message import Data, Timestamp


class WordHeard(BaseModel):
    """A word of a final."""

    model_config = ConfigDict(frozen=True)

    text: str
    start: float
    end: float
    confidence: float | None = None


class Ready(Data):
    """The session is open; after a resumption the client sends on from `received_samples`."""

    TYPE: ClassVar[str] = "ready"

    session_id: str
    resume_token: str
    sample_rate: int
    profile: str
    streaming: bool = Field(description="Whether the recogniser hears speech as it comes.")
    received_samples: int = Field(default=0, ge=0)


class VadStatus(Data):
    """Somebody began to speak, or stopped."""

    TYPE: ClassVar[str] = "vad"

    status: Literal["speech_start", "speech_end"]
    time: float


class PartialText(Data):
    """What is known of an utterance that goes on; replaces the one before.

    The first `stable_chars` characters change no more, in the final neither.
    """

    TYPE: ClassVar[str] = "partial"

    utterance: int
    start: float
    text: str
    stable_chars: int = Field(ge=0)
    language: str | None = None
    speaker: str | None = None
    translation: str | None = None


class FinalText(Data):
    """What was said in an utterance; never changes. Whoever had a partial gets exactly one."""

    TYPE: ClassVar[str] = "final"

    utterance: int
    start: float
    end: float
    text: str
    confidence: float | None = None
    words: tuple[WordHeard, ...] | None = None
    language: str | None = None
    speaker: str | None = None
    translation: str | None = None


class Ack(Data):
    """How far the audio has arrived, at least every second while there is a session.

    `lag_ms` is how long ago the oldest audio arrived that is not dealt with; partials left out to keep
    up are counted in `skipped_partials`.
    """

    TYPE: ClassVar[str] = "ack"

    received_samples: int
    lag_ms: int = Field(ge=0)
    skipped_partials: int = Field(default=0, ge=0)


class LevelHeard(Data):
    """How loud it is."""

    TYPE: ClassVar[str] = "level"

    dbfs: float


class LivePong(Data):
    """The line lives."""

    TYPE: ClassVar[str] = "pong"

    timestamp: Timestamp


class SessionDone(Data):
    """Everything that was said has its final; the line is closed after it."""

    TYPE: ClassVar[str] = "done"

    utterances: int
    audio_seconds: float
    task_id: str | None = Field(default=None, description="Of the recording, where one was kept.")


class LiveProblem(Data):
    """Something went wrong. After a `fatal` one nothing follows, and the line is closed."""

    TYPE: ClassVar[str] = "error"

    error: str = Field(description="The code.")
    message: str
    fatal: bool
    utterance: int | None = Field(default=None, description="The one that was lost, if one was.")
    retry_after: float | None = Field(default=None, description="Seconds after which to try again.")


ASR_SERVER_MESSAGES: tuple[type[Data], ...] = (
    Ready,
    VadStatus,
    PartialText,
    FinalText,
    Ack,
    LevelHeard,
    LivePong,
    SessionDone,
    LiveProblem,
)
"""All of them; `auth_required` and `auth_success` are the native protocol's."""
