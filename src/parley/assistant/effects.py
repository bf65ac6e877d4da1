"""What the machine wants done, in this order."""

from __future__ import annotations

from dataclasses import dataclass

from parley.assistant.contract import Message, ToolWish
from parley.assistant.events import AssistantEvent, PlaybackOrder, StateChanged, TurnMetrics
from parley.errors import ParleyError


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Tell the client, in its turn."""

    event: AssistantEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class TellFirst:
    """Tell the client before anything that waits to be told. A `pause` keeps all audio back until `resume`,
    a `flush` throws away what waits."""

    event: PlaybackOrder | StateChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class LetSound:
    """The audio of this revision may be told, as it is made."""

    turn: int
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewind:
    """Tell the audio again from this sample on."""

    turn: int
    sample: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskModel:
    """Have an answer written; its samples will be counted from `first_sample`."""

    turn: int
    revision: int
    history: tuple[Message, ...]
    with_voice: bool
    first_sample: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DropModel:
    """Nobody wants the rest of what is being written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakText:
    """More of the answer for the voice."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndText:
    """The voice has all of the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropVoice:
    """Nobody wants the rest of the audio, nor what waits of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTool:
    """Call a tool; `ToolMissing` is the answer where there is none."""

    turn: int
    revision: int
    wish: ToolWish


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalizeRecognition:
    """End the utterance here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remember:
    """Keep what was said."""

    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetAll:
    """Begin a new conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A turn is over."""

    metrics: TurnMetrics


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The conversation is over: free everything, and say farewell."""

    error: ParleyError | None = None


Effect = (
    Tell
    | TellFirst
    | LetSound
    | Rewind
    | AskModel
    | DropModel
    | SpeakText
    | EndText
    | DropVoice
    | CallTool
    | FinalizeRecognition
    | Remember
    | ForgetAll
    | Measure
    | End
)
