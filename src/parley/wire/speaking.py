"""The frames of synthesis. PCM is mono s16le."""

from __future__ import annotations

from parley.speech.voice import SpeakOptions
from parley.wire.frame import Frame


class Speak(Frame, frozen=True, kw_only=True):
    """Say one clause; answered by Spoken. Audio beyond `max_s` seconds is an error of the engine."""

    text: str
    options: SpeakOptions
    max_s: float


class LearnVoice(Frame, frozen=True, kw_only=True):
    """Make a prompt of somebody's voice, which `Speak` takes from then on; answered by VoiceLearned.

    `pcm` is their speech at `sample_rate_hz`, `transcript` what they say in it.
    """

    pcm: bytes
    sample_rate_hz: int
    transcript: str
    language: str | None


class Spoken(Frame, frozen=True, kw_only=True):
    """Answer to Speak."""

    pcm: bytes
    sample_rate_hz: int


class VoiceLearned(Frame, frozen=True, kw_only=True):
    """Answer to LearnVoice: bytes that only this engine with these models understands."""

    prompt: bytes
