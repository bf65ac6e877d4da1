"""What the server sends on `/assistant`; each binary frame follows its `audio` message at once."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from parley.wire.native.message import Data, Timestamp


class AssistantReady(Data):
    """The conversation is open; after a resumption the microphone goes on at `received_samples`."""

    TYPE: ClassVar[str] = "ready"

    session_id: str
    resume_token: str
    conversation_id: str
    voice: str | None = Field(default=None, description="The id of the voice; null where none is installed.")
    language: str | None = None
    sample_rate: int = Field(description="Of the answers' audio.")
    model: str = Field(description="The language model.")
    parrot: bool = Field(description="There is no language model: what was heard is repeated.")
    received_samples: int = Field(default=0, ge=0)


class StateShown(Data):
    """The state is another one now."""

    TYPE: ClassVar[str] = "voice_assistant:state_changed"

    state: Literal["Idle", "Listening", "FinalizingASR", "Thinking", "Speaking"]


class UserTranscript(Data):
    """What the user says. Of an utterance in progress `partial` replaces the one before and `final_text` is
    null; then `final_text` never changes, unless the user goes on before the answer was heard: a higher
    `revision` of the same turn."""

    TYPE: ClassVar[str] = "voice_assistant:user_transcript"

    partial: str | None = None
    final_text: str | None = None
    confidence: float | None = None
    turn: int
    revision: int = 0
    typed: bool = False


class AssistantResponse(Data):
    """The answer so far, all of it; with `is_complete` as it is remembered: after an interruption only what
    was heard."""

    TYPE: ClassVar[str] = "voice_assistant:assistant_response"

    content: str
    is_complete: bool
    turn: int
    revision: int = 0


class AudioLevel(Data):
    """How loud the microphone is."""

    TYPE: ClassVar[str] = "voice_assistant:audio_level"

    level: float = Field(ge=0, le=1)


class AssistantVad(Data):
    """Somebody began to speak, or stopped."""

    TYPE: ClassVar[str] = "voice_assistant:vad_status"

    status: Literal["speech_start", "speech_end"]


class PlaybackStarted(Data):
    """The first sample of an answer was played."""

    TYPE: ClassVar[str] = "voice_assistant:playback_started"


class PlaybackEnded(Data):
    """The last one was."""

    TYPE: ClassVar[str] = "voice_assistant:playback_ended"


class AssistantProblem(Data):
    """Something went wrong. The conversation goes on, unless it was `fatal`; then the line is closed."""

    TYPE: ClassVar[str] = "voice_assistant:error"

    code: str
    message: str
    fatal: bool = False
    retry_after: float | None = None


class TurnMeasured(Data):
    """Where the time of a turn went, in ms from the end of the user's speech; null: it did not happen."""

    TYPE: ClassVar[str] = "voice_assistant:turn_metrics"

    turn: int
    endpoint_ms: int | None = Field(default=None, description="The silence that was waited for.")
    asr_final_ms: int | None = None
    llm_first_token_ms: int | None = None
    first_sentence_ms: int | None = None
    tts_first_audio_ms: int | None = None
    first_audio_sent_ms: int | None = None
    interrupted: bool


class PlaybackControl(Data):
    """What the loudspeaker does at once: hold what it has, go on at `from_sample`, or throw it away."""

    TYPE: ClassVar[str] = "voice_assistant:playback"

    turn: int
    action: Literal["pause", "resume", "flush"]
    from_sample: int = Field(default=0, ge=0)


class AudioAhead(Data):
    """The next binary frame is so many samples of this turn, mono PCM16."""

    TYPE: ClassVar[str] = "audio"

    turn: int
    sample_rate: int
    samples: int = Field(ge=0)
    first_sample: int = Field(ge=0, description="Counted from the turn's first.")
    text: str = Field(default="", description="The clause that begins here.")


class AssistantPong(Data):
    """The line lives."""

    TYPE: ClassVar[str] = "pong"

    timestamp: Timestamp


class Bye(Data):
    """The conversation is over as it was asked to be; the line is closed."""

    TYPE: ClassVar[str] = "bye"


ASSISTANT_SERVER_MESSAGES: tuple[type[Data], ...] = (
    AssistantReady,
    StateShown,
    UserTranscript,
    AssistantResponse,
    AudioLevel,
    AssistantVad,
    PlaybackStarted,
    PlaybackEnded,
    PlaybackControl,
    AudioAhead,
    TurnMeasured,
    AssistantPong,
    Bye,
    AssistantProblem,
)
"""All of them; `auth_required` and `auth_success` are the native protocol's."""
