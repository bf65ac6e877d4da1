"""What the server sends on `/tts`, besides audio in binary frames: mono PCM16, little-endian.

Requests of a line are spoken one after the other, so that audio belongs to the request whose `sentence` came
last.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from parley.wire.native.message import Data, Timestamp


class SpeakStarted(Data):
    """It is this request's turn; its audio follows."""

    TYPE: ClassVar[str] = "started"

    request_id: str
    voice: str = Field(
        description="The id of the voice that speaks; of a `start` that leaves it open, the likely one: "
        "there is no text yet."
    )
    sample_rate: int


class SentenceAhead(Data):
    """So many samples of this clause follow."""

    TYPE: ClassVar[str] = "sentence"

    request_id: str
    index: int = Field(ge=0)
    text: str
    first_sample: int = Field(ge=0)
    samples: int = Field(ge=0)


class SpeakDone(Data):
    """Everything was sent."""

    TYPE: ClassVar[str] = "done"

    request_id: str
    samples: int = Field(ge=0)
    first_audio_ms: int = Field(ge=0, description="From the first whole clause to its audio.")
    rtf: float = Field(ge=0, description="Processing seconds / audio seconds.")


class SpeakCancelled(Data):
    """The request was stopped; nothing of it follows."""

    TYPE: ClassVar[str] = "cancelled"

    request_id: str


class VoiceShown(BaseModel):
    """A voice that can be chosen."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    kind: Literal["preset", "cloned", "designed"]
    engine: str
    model: str
    languages: tuple[str, ...] = Field(description="ISO 639-1, its own first; empty: any.")
    summary: str = ""
    created_at: float | None = Field(default=None, description="Seconds since the epoch; null of presets.")


class VoicesShown(Data):
    """The voices that can be chosen, and the one that speaks where nobody is named."""

    TYPE: ClassVar[str] = "voices"

    voices: tuple[VoiceShown, ...]
    default: str | None = Field(default=None, description="Its id; null: no engine that speaks is installed.")


class SpeakPong(Data):
    """The line lives."""

    TYPE: ClassVar[str] = "pong"

    timestamp: Timestamp


class SpeakProblem(Data):
    """Something went wrong with a request, which is over then, or with a message. After a `fatal` one nothing
    follows, and the line is closed."""

    TYPE: ClassVar[str] = "error"

    request_id: str | None = None
    error: str = Field(description="The code.")
    message: str
    fatal: bool
    retry_after: float | None = Field(default=None, description="Seconds after which to try again.")


TTS_SERVER_MESSAGES: tuple[type[Data], ...] = (
    SpeakStarted,
    SentenceAhead,
    SpeakDone,
    SpeakCancelled,
    VoicesShown,
    SpeakPong,
    SpeakProblem,
)
"""All of them; `auth_required` and `auth_success` are the native protocol's."""
