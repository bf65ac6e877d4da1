"""What a request for speech tells its listener. Samples are counted from the first one of the request."""

from __future__ import annotations

from dataclasses import dataclass

from parley.errors import ParleyError


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechBegun:
    """What is told first where a text is spoken from its start to its end: `voice` is the id of who speaks,
    the rate is that of the audio."""

    voice: str
    sample_rate_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A clause is about to be heard: `samples` of audio follow, of which `first_sample` is the first."""

    index: int
    text: str
    first_sample: int
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenAudio:
    """Mono s16le; the pieces of a clause follow its Sentence."""

    pcm: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """Everything was said; the last event. `first_audio_ms` counts from the first clause that was complete
    to its first audio, `rtf` is processing seconds / audio seconds (0 where nothing was said)."""

    samples: int
    first_audio_ms: int
    rtf: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakingCancelled:
    """It was cancelled; the last event, and no audio comes after the call that asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakingFailed:
    """It could not go on; the last event."""

    error: ParleyError


SpeakingEvent = Sentence | SpokenAudio | Spoken | SpeakingCancelled | SpeakingFailed

SpeechEvent = SpeechBegun | Sentence | SpokenAudio | Spoken
"""What whoever has a text spoken hears, in this order; what goes wrong is raised."""
