"""What a conversation tells, and what it may be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from pydantic import ValidationError

from parley.client.options import problem_of, require_known
from parley.wire.native.message import Data
from parley.wire.speech.assistant_client import AssistantStart
from parley.wire.speech.assistant_server import (
    AssistantProblem,
    AssistantReady,
    AssistantResponse,
    AssistantVad,
    AudioLevel,
    PlaybackControl,
    PlaybackEnded,
    PlaybackStarted,
    StateShown,
    TurnMeasured,
    UserTranscript,
)


class ConversationOptions(TypedDict, total=False):
    """Options of a conversation: mono 16-bit audio at `sample_rate` (16 kHz unless said otherwise) goes in.
    `conversation_id` goes on with a stored one; with `hands_free` it listens again after each answer.
    """

    language: str | None
    voice: str | None
    speed: float
    profile: str | None
    instructions: str | None
    conversation_id: str | None
    hands_free: bool
    sample_rate: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSound:
    """Mono s16le for the loudspeaker; `first_sample` counts from the turn's first, `text` is the clause that
    begins here."""

    turn: int
    sample_rate: int
    first_sample: int
    pcm: bytes
    text: str = ""


ConversationEvent = (
    StateShown
    | UserTranscript
    | AssistantResponse
    | AnswerSound
    | PlaybackControl
    | PlaybackStarted
    | PlaybackEnded
    | TurnMeasured
    | AssistantVad
    | AudioLevel
    | AssistantProblem
    | AssistantReady
)
"""`PlaybackControl` says what the loudspeaker does at once; `AssistantReady` comes after `reset`."""

KINDS: dict[str, type[Data]] = {
    kind.TYPE: kind
    for kind in (
        StateShown,
        UserTranscript,
        AssistantResponse,
        PlaybackControl,
        PlaybackStarted,
        PlaybackEnded,
        TurnMeasured,
        AssistantVad,
        AudioLevel,
        AssistantProblem,
        AssistantReady,
    )
}
"""Those that are messages, by their type."""


def start_of(options: ConversationOptions) -> AssistantStart:
    """The message that opens it; raises InvalidOption for an option that means nothing."""
    require_known(options, ConversationOptions)
    try:
        return AssistantStart.model_validate(dict(options))
    except ValidationError as error:
        raise problem_of(error) from error
