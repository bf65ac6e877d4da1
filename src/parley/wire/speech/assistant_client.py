"""What a client sends to `/assistant`, besides the microphone's audio in binary frames."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from parley.wire.native.message import Data


class AssistantStart(Data):
    """Begins a conversation, goes on with a stored one, or with a session whose line was lost.

    Audio that comes first gets the defaults. With `resume_token` all else is taken from the session.
    """

    TYPE: ClassVar[str] = "start"

    language: str | None = Field(default=None, max_length=16, description="ISO 639-1; null or `auto`: any.")
    voice: str | None = Field(default=None, max_length=200, description="An id or a name of `/v1/voices`.")
    speed: float = Field(default=1.0, ge=0.25, le=4.0, description="Of the voice.")
    profile: str | None = Field(default=None, max_length=100, description="What recognises.")
    instructions: str | None = Field(
        default=None, max_length=8000, description="For the language model, in place of the server's."
    )
    conversation_id: str | None = Field(default=None, max_length=64, description="A stored one to go on.")
    hands_free: bool = Field(default=True, description="Listen again after each answer.")
    sample_rate: int = Field(default=16000, ge=8000, le=48000, description="Of the microphone, mono PCM16.")
    resume_token: str | None = Field(default=None, max_length=200)


class AssistantFinalize(Data):
    """The user pressed stop: what was said is the turn."""

    TYPE: ClassVar[str] = "finalize"


class TypedTurn(Data):
    """A turn that was typed; interrupts an answer."""

    TYPE: ClassVar[str] = "text"

    text: str = Field(min_length=1, max_length=4000)


class Interrupt(Data):
    """End the answer now."""

    TYPE: ClassVar[str] = "interrupt"


class Played(Data):
    """What the loudspeaker really played, told every 200 ms or so and at the end of a turn."""

    TYPE: ClassVar[str] = "played"

    turn: int = Field(ge=0)
    samples: int = Field(ge=0, description="Since the turn's first sample.")


class Reset(Data):
    """Forget what was said, and begin a new conversation on this line."""

    TYPE: ClassVar[str] = "reset"


class AssistantStop(Data):
    """The end; the line is closed once `bye` was sent."""

    TYPE: ClassVar[str] = "stop"


class AssistantPing(Data):
    """Asks for `pong`, and keeps the line open."""

    TYPE: ClassVar[str] = "ping"


ASSISTANT_CLIENT_MESSAGES: tuple[type[Data], ...] = (
    AssistantStart,
    AssistantFinalize,
    TypedTurn,
    Interrupt,
    Played,
    Reset,
    AssistantStop,
    AssistantPing,
)
"""All of them; `auth` is the native protocol's."""
