"""Voices: the timbres of synthesised speech, and how one is asked to speak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VoiceKind = Literal["preset", "cloned", "designed"]

SLOWEST, FASTEST = 0.25, 4.0
"""Bounds of `speed`; 1 is as the voice speaks by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetVoice:
    """A voice that comes with an engine: `name` is the engine's own word for it, `languages` are ISO 639-1
    codes, the first one it speaks best."""

    name: str
    languages: tuple[str, ...]
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakOptions:
    """What an engine is told beside the text.

    Exactly one of `voice` (the name of a PresetVoice), `prompt` (bytes that the engine made of a reference
    recording) and `design` (a voice in words) is not empty. `instruct` says in words how to speak.
    """

    voice: str = ""
    prompt: bytes = b""
    design: str = ""
    language: str | None = None
    speed: float = 1.0
    instruct: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceFacts:
    """What is known of a voice that can be chosen.

    `voice_id` is how it is asked for: "espeak-ng/en-us" of a preset, a random word of one from the library.
    `languages` are ISO 639-1 codes, the first one its own; () means any. `created_at` is seconds since the
    epoch, None of presets.
    """

    voice_id: str
    name: str
    kind: VoiceKind
    engine: str
    model: str
    languages: tuple[str, ...]
    summary: str = ""
    created_at: float | None = None
