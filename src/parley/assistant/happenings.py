"""What happens to a conversation: `at` is seconds on the machine's clock, `_s` on the audio clock."""

from __future__ import annotations

from dataclasses import dataclass

from parley.assistant.contract import ToolWish
from parley.errors import ParleyError


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The conversation begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechBegan:
    """Possible speech since `time_s`."""

    time_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechWent:
    """It has gone on for so long, surely."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStopped:
    """Nobody speaks since `time_s`, which was heard `at`."""

    time_s: float
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialHeard:
    """What is known of an utterance that goes on; all of it so far, if it `is_whole`."""

    text: str
    is_whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalHeard:
    """What an utterance says, be it nothing; `at` is when its end was heard, `decided_at` when that was
    decided."""

    text: str
    end_s: float
    at: float
    decided_at: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EarFailed:
    """Live speech ended before its time; what was being said is lost."""

    error: ParleyError


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalizePressed:
    """The user says that this was all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A turn that was typed."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptPressed:
    """The user wants to hear no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedSamples:
    """So many samples of a turn have left the loudspeaker."""

    turn: int
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetAsked:
    """What was said is to be forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAsked:
    """The conversation is to end; `error` says why if the user did not ask for it."""

    error: ParleyError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLost:
    """The client is gone, perhaps to come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineBack:
    """A client listens, who has nothing of what was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelWrote:
    """A piece of an answer."""

    turn: int
    revision: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDone:
    """The answer is written."""

    turn: int
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFailed:
    """There is no more of the answer."""

    turn: int
    revision: int
    error: ParleyError


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolWished:
    """The language model asks for a tool."""

    turn: int
    revision: int
    wish: ToolWish


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolMissing:
    """The tool that was asked for does not exist."""

    turn: int
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseWhole:
    """The first clause of the answer is written."""

    turn: int
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseMade:
    """A clause has become so many samples of audio, which are in the buffer."""

    turn: int
    revision: int
    text: str
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceDone:
    """All that was written has become audio."""

    turn: int
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceFailed:
    """There is no more audio of the answer."""

    turn: int
    revision: int
    error: ParleyError


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioSent:
    """The client was told the turn's audio up to the sample `until`."""

    turn: int
    revision: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed:
    """The deadline that the machine named has come."""


Happening = (
    Opened
    | SpeechBegan
    | SpeechWent
    | SpeechStopped
    | PartialHeard
    | FinalHeard
    | EarFailed
    | FinalizePressed
    | Typed
    | InterruptPressed
    | PlayedSamples
    | ResetAsked
    | StopAsked
    | LineLost
    | LineBack
    | ModelWrote
    | ModelDone
    | ModelFailed
    | ToolWished
    | ToolMissing
    | ClauseWhole
    | ClauseMade
    | VoiceDone
    | VoiceFailed
    | AudioSent
    | TimePassed
)
