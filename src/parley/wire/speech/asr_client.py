"""What a client sends to `/asr`, besides audio in binary frames."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from parley.wire.native.message import Data

HotwordWeight = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
Phrase = Annotated[str, Field(min_length=1, max_length=100)]
MOST_HOTWORDS = 500


def _few(value: object) -> object:
    """Counted before anybody looks at each of them, which would take as long as there are many."""
    if value is not None and not isinstance(value, (list, tuple, dict)):
        raise PydanticCustomError("hotwords", "Give a list of phrases, or an object of phrases and weights")
    if value and len(value) > MOST_HOTWORDS:
        raise PydanticCustomError("hotwords", "Give at most {most} phrases", {"most": MOST_HOTWORDS})
    return value


Hotwords = Annotated[tuple[Phrase, ...] | dict[Phrase, HotwordWeight] | None, BeforeValidator(_few)]


class Start(Data):
    """Begins a session, or goes on with one whose line was lost; audio that comes first gets the defaults.

    With `resume_token` all else but `have_utterance` is taken from the session.
    """

    TYPE: ClassVar[str] = "start"

    sample_rate: int = Field(default=16000, ge=8000, le=48000, description="In Hz.")
    encoding: Literal["pcm16", "float32", "mulaw"] = "pcm16"
    channels: int = Field(default=1, ge=1, le=8, description="Interleaved; they are mixed.")
    language: str | None = Field(
        default=None,
        max_length=16,
        description="ISO 639-1, a region is left out (`zh-CN`); null or `auto`: any.",
    )
    profile: str | None = Field(default=None, max_length=100)
    hotwords: Hotwords = Field(
        default=None, max_length=MOST_HOTWORDS, description="Phrases to favour, or phrases with weights."
    )
    partials: bool = True
    endpoint_silence_ms: int | None = Field(
        default=None, ge=100, le=10_000, description="Silence that ends an utterance."
    )
    words: bool = Field(default=False, description="Times of words in finals.")
    levels: bool = Field(default=False, description="Tell how loud it is, ten times a second at most.")
    record: bool = Field(default=False, description="Keep the audio; `done` names the recording's task.")
    resume_token: str | None = Field(default=None, max_length=200)
    have_utterance: int | None = Field(
        default=None, ge=-1, description="With `resume_token`: the last final that arrived, -1 for none."
    )


class Finalize(Data):
    """End the utterance now."""

    TYPE: ClassVar[str] = "finalize"


class Stop(Data):
    """The input has ended; `done` follows the last final."""

    TYPE: ClassVar[str] = "stop"


class LivePing(Data):
    """Asks for `pong`, and keeps the line open; it does not count as audio."""

    TYPE: ClassVar[str] = "ping"


ASR_CLIENT_MESSAGES: tuple[type[Data], ...] = (Start, Finalize, Stop, LivePing)
"""All of them; `auth` is the native protocol's."""
