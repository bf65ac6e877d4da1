"""What an engine is: one small protocol per role, and the facts it declares about itself.

An engine file lives under the folder of its role, exports `SPEC`, and imports its model library
only inside functions, so that reading its facts costs nothing. Engines run in worker processes
only; one engine object serves one call at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from parley.engines.model import ModelSpec
from parley.speech.media import DecodedMedia, DecodeOptions
from parley.speech.recognition import Recognition, RecognitionOptions, SpeakerCount
from parley.speech.span import Span, SpeakerTurn
from parley.speech.transcript import Word
from parley.speech.voice import PresetVoice, SpeakOptions

Samples = npt.NDArray[np.float32]
"""Mono audio at 16 kHz, shape (n,), full scale -1 to 1."""

Progress = Callable[[float], None]
"""Called with the seconds of audio done since the call began; a call that stops reporting is hung."""


class Role(StrEnum):
    """The jobs inside a recipe."""

    MEDIA = "media"
    VAD = "vad"
    ASR = "asr"
    ALIGN = "align"
    PUNCTUATION = "punctuation"
    SPEAKERS = "speakers"
    TURN = "turn"
    TTS = "tts"


class Capability(StrEnum):
    """Options that an engine may honour; the others are refused."""

    WORDS = "words"
    HOTWORDS = "hotwords"
    HOTWORD_WEIGHTS = "hotword_weights"
    PROMPT = "prompt"
    TRANSLATE = "translate"
    LANGUAGE = "language"
    SPEED = "speed"
    INSTRUCT = "instruct"
    CLONE = "clone"
    DESIGN = "design"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec:
    """The facts of an engine.

    `factory` is "module:attribute"; a worker calls it without arguments, or with a `Setup` when the
    engine needs models or has a backend. `requires` are importable names that must be there.
    `environment` names the engine environment that holds them, "" being the one Parley itself runs
    in; `install` is the command that gets them where there is none. `revision` changes whenever the
    engine's output may (weights, parameters): it is part of what a remembered result is filed under.
    `languages` are ISO 639-1 codes, None meaning any. `max_stretch_s` is the longest audio one
    recognise call may be given.

    `models` are the weights it opens, in `Setup.models` by name. `backend` is "module:attribute" of the
    `Backend` it computes with, and `devices` are the kinds it can use, best first; `memory_mib` is
    what a worker that has loaded it holds there, about. `public_names` are the names by which other
    servers' clients ask for this model. `streams` says that it is a streaming engine too.

    `batches` says that a recogniser is a BatchingAsrEngine, which is best given `batch_size_s`
    seconds at once; `batch_invariant` whether a result is independent of what else is in its batch.
    `compacts` says of a media engine that it is a CompactingEngine too. `context_s` is how much of a turn's
    last audio a `turn` engine wants to hear. `same_voice` is the cosine from
    which two mean vectors of a `speakers` engine are the same person's.

    Of a `tts` engine `presets` are the voices it comes with, the best first; `max_text_chars` is the
    longest clause it may be given, `sample_rate_hz` is what it speaks at and wants to learn voices from.
    With the capability CLONE it is a CloningTtsEngine too, with DESIGN it makes voices from words, INSTRUCT
    lets words say how to speak, SPEED how fast.
    """

    name: str
    role: Role
    factory: str
    revision: str
    summary: str
    licence: str
    requires: tuple[str, ...] = ()
    environment: str = ""
    install: str = ""
    languages: frozenset[str] | None = None
    capabilities: frozenset[Capability] = frozenset()
    max_stretch_s: float = 30.0
    models: tuple[ModelSpec, ...] = ()
    backend: str = ""
    devices: tuple[str, ...] = ("cpu",)
    memory_mib: int = 0
    public_names: tuple[str, ...] = ()
    streams: bool = False
    batches: bool = False
    batch_size_s: float = 0.0
    batch_invariant: bool = True
    compacts: bool = False
    context_s: float = 0.0
    same_voice: float = 0.5
    presets: tuple[PresetVoice, ...] = ()
    max_text_chars: int = 300
    sample_rate_hz: int = 24_000

    @property
    def takes_setup(self) -> bool:
        """Whether the factory is called with a Setup."""
        return bool(self.models or self.backend)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What a recogniser is given at once: packed speech.

    `islands` are the stretches of speech inside, in seconds from the first sample, sorted and
    disjoint; what lies between them is silence.
    """

    samples: Samples
    islands: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Embeddings:
    """Voices heard: `windows` (n, 2) float64 start and end in seconds, `vectors` (n, d) float32."""

    windows: npt.NDArray[np.float64]
    vectors: npt.NDArray[np.float32]


class MediaEngine(Protocol):
    """Decodes recordings."""

    def decode(self, source: Path, folder: Path, options: DecodeOptions, progress: Progress) -> DecodedMedia:
        """Write one or more 16 kHz mono s16le files into `folder`, in memory bounded by a constant.

        Raises UndecodableMedia, UnsupportedMedia, MediaTooLarge, InvalidOption or DiskFull.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactCopy:
    """A copy for listening: its seconds and its bytes."""

    duration: float
    size_bytes: int


class CompactingEngine(Protocol):
    """What a media engine may be able to do besides."""

    def compact(
        self, source: Path, target: Path, options: DecodeOptions, max_bytes: int, progress: Progress
    ) -> CompactCopy:
        """Write a small copy of a recording, mixed to one channel, to the new file `target`, whole and
        flushed or not at all, in memory bounded by a constant.

        Raises what `decode` raises, and MediaTooLarge for a copy of more than `max_bytes`.
        """
        ...


class VadEngine(Protocol):
    """Finds where somebody speaks."""

    def find_speech(self, samples: Samples, progress: Progress) -> Sequence[Span]:
        """Islands of speech in seconds from the first sample, sorted and disjoint."""
        ...


class AsrEngine(Protocol):
    """Turns speech into text."""

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        """The text of one stretch, in pieces whose times lie inside it, in order."""
        ...


class BatchingAsrEngine(AsrEngine, Protocol):
    """What a recogniser may be able to do besides."""

    def recognise_batch(
        self, stretches: Sequence[Stretch], options: RecognitionOptions, progress: Progress
    ) -> Sequence[Recognition]:
        """The text of several stretches at once, one for one; see `recognise`."""
        ...


class AlignEngine(Protocol):
    """Finds the times of words that are known."""

    def align(self, samples: Samples, text: str, language: str | None) -> Sequence[Word]:
        """The words of `text` with times in seconds from the first sample."""
        ...


class PunctuationEngine(Protocol):
    """Punctuates text."""

    def punctuate(self, texts: Sequence[str], language: str | None) -> Sequence[str]:
        """The same texts, one for one, with punctuation (and case where the language has it)."""
        ...


class SpeakersEngine(Protocol):
    """Tells voices apart."""

    def embed(self, samples: Samples, islands: Sequence[Span], progress: Progress) -> Embeddings:
        """Vectors of the voices in `islands`, windows in seconds from the first sample."""
        ...

    def cluster(self, embeddings: Embeddings, count: SpeakerCount) -> Sequence[SpeakerTurn]:
        """Who speaks when in the whole recording: sorted, disjoint turns; bounded in time and memory."""
        ...


class TurnEngine(Protocol):
    """Tells when somebody who stopped speaking has finished."""

    def patience(self, samples: Samples, wanted_s: float, language: str | None) -> float:
        """Seconds of silence, from the end of speech, after which the turn is over.

        `samples` are the last of the turn up to the pause, at most `EngineSpec.context_s`; `wanted_s` is what
        the client asked for. Depends on nothing else, so that a turn ends at the same sample whatever
        the load.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What was said: mono float32, shape (n,), full scale -1 to 1."""

    samples: Samples
    sample_rate_hz: int


class TtsEngine(Protocol):
    """Speaks."""

    def speak(self, text: str, options: SpeakOptions, max_s: float, progress: Progress) -> Speech:
        """One clause as speech of `max_s` seconds at most; what takes longer is cut by the engine's own
        bounds (tokens, characters), or is EngineFailed. Depends on nothing said before.
        """
        ...


class CloningTtsEngine(TtsEngine, Protocol):
    """What a `tts` engine may be able to do besides."""

    def learn(self, speech: Speech, transcript: str, language: str | None) -> bytes:
        """A prompt of the voice that speaks there, for `SpeakOptions.prompt`; no pickle."""
        ...


Engine = (
    MediaEngine
    | VadEngine
    | AsrEngine
    | AlignEngine
    | PunctuationEngine
    | SpeakersEngine
    | TurnEngine
    | TtsEngine
)
