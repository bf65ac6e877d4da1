"""What a client sends to `/tts`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from parley.wire.native.message import Data

MOST_ID_CHARS = 64

RequestId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MOST_ID_CHARS,
        description="Chosen by the client; of an open request unique.",
    ),
]


class _How(Data):
    """How to speak."""

    TYPE: ClassVar[str] = ""

    request_id: RequestId
    voice: str | None = Field(
        default=None,
        max_length=200,
        description="An id or name of `voices`; null: the best for the language.",
    )
    language: str | None = Field(default=None, max_length=16, description="ISO 639-1; null: by the text.")
    engine: str | None = Field(
        default=None, max_length=64, description="Preferred where no voice is named; null: the best."
    )
    speed: float = Field(default=1.0, ge=0.25, le=4.0)
    sample_rate: int | None = Field(
        default=None, ge=8000, le=48000, description="In Hz; null: what the voice makes."
    )
    instruct: str = Field(default="", max_length=1000, description="In words how to speak.")
    paced: bool = Field(default=False, description="Send at most 1.5 s ahead of real time.")


class Synthesize(_How):
    """Speak this text."""

    TYPE: ClassVar[str] = "synthesize"

    text: str = Field(description="Bounded by `voices.max_text_chars`.")


class SpeakStart(_How):
    """Open a request whose text comes piece by piece."""

    TYPE: ClassVar[str] = "start"


class SpeakText(Data):
    """More text of a request; clauses are spoken as soon as they are whole."""

    TYPE: ClassVar[str] = "text"

    request_id: RequestId
    text: str


class SpeakFlush(Data):
    """What was sent is whole; say it without waiting for more."""

    TYPE: ClassVar[str] = "flush"

    request_id: RequestId


class SpeakEnd(Data):
    """There is no more text; `done` follows."""

    TYPE: ClassVar[str] = "end"

    request_id: RequestId


class SpeakCancel(Data):
    """Stop a request; `cancelled` follows, and no audio of it after that."""

    TYPE: ClassVar[str] = "cancel"

    request_id: RequestId


class AskVoices(Data):
    """Asks for `voices`."""

    TYPE: ClassVar[str] = "voices"


class SpeakPing(Data):
    """Asks for `pong`."""

    TYPE: ClassVar[str] = "ping"


TTS_CLIENT_MESSAGES: tuple[type[Data], ...] = (
    Synthesize,
    SpeakStart,
    SpeakText,
    SpeakFlush,
    SpeakEnd,
    SpeakCancel,
    AskVoices,
    SpeakPing,
)
"""All of them; `auth` is the native protocol's."""
