"""What a client wishes of a voice, and what the house allows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8000, 48000


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakingWish:
    """How to speak; None leaves a value to the house.

    `voice` is a `VoiceFacts.voice_id`, or a voice's name where no other has it. Without one, `language`
    decides, and the text where that is left open too; `engine` is preferred then. `instruct` says in words
    how to speak. `sample_rate_hz` None is the engine's own. With `paced` audio comes at most 1.5 s ahead of
    real time.
    """

    voice: str | None = None
    language: str | None = None
    engine: str | None = None
    speed: float = 1.0
    sample_rate_hz: int | None = None
    instruct: str = ""
    paced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVoice:
    """A voice to be added to the library: cloned from the recording `reference`, in which somebody says
    `transcript`, or with `design` made from words. `has_consent` is what the client declared."""

    name: str
    transcript: str = ""
    reference: Path | None = None
    design: str = ""
    language: str | None = None
    engine: str | None = None
    has_consent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesisLimits:
    """The settings' share. `max_unsaid_chars` is text that a request may be ahead of its voice, before who
    writes it has to wait; `max_ahead_s` is audio that waits for its listener."""

    max_requests: int = 16
    max_requests_per_user: int = 8
    max_text_chars: int = 20_000
    max_unsaid_chars: int = 4000
    max_ahead_s: float = 20.0
    idle_s: float = 60.0
    max_voices_per_user: int = 100
