"""What a request for a transcript says, and what the recipe gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from parley.engines.contract import EngineSpec
from parley.speech.enrolment import KnownVoice
from parley.speech.media import DecodeOptions
from parley.speech.recognition import RecognitionOptions, SpeakerCount
from parley.speech.transcript import Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A file on this machine; `sha256` is the hex digest of its bytes, `stamp` its size and last change."""

    path: Path
    sha256: str
    stamp: tuple[int, int] | None = None


def stamp_of(path: Path) -> tuple[int, int] | None:
    """Size in bytes and time of the last change; None for a file that is gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeOptions:
    """Everything the result depends on besides the recording and the profile, and how to get there.

    `speakers` None means that nobody is told apart; `known` are voices to call by their names.
    `use_cache` False does everything anew and remembers that instead. `unit_seconds` bounds the
    speech of one unit of work.
    """

    decode: DecodeOptions = field(default_factory=DecodeOptions)
    recognition: RecognitionOptions = field(default_factory=RecognitionOptions)
    speakers: SpeakerCount | None = field(default_factory=SpeakerCount)
    use_cache: bool = True
    fail_on_lost_speech: bool = False
    unit_seconds: float = 30.0
    known: tuple[KnownVoice, ...] = ()


def seconds_at_once(options: RecipeOptions, engine: EngineSpec) -> float:
    """Speech in one unit of recognition: more than usual for an engine that is best given more."""
    return max(options.unit_seconds, engine.batch_size_s) if engine.batches else options.unit_seconds


@dataclass(slots=True)
class StageCost:
    """What a stage took: units done now, units remembered from before, and seconds of two kinds.

    `cpu_s` is processor time inside workers; `wall_s` is time from the stage's first call to its last answer.
    """

    units_done: int = 0
    units_remembered: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A transcript and how it came about; `stages` is empty when it was remembered whole."""

    transcript: Transcript
    cached: bool
    stages: dict[str, StageCost] = field(default_factory=dict[str, StageCost])
