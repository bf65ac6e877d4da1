"""Parley, a self-hosted speech server; the public names load on first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parley.api import listen, speak, stream, transcribe, transcribe_async, transcribe_live
    from parley.errors import ParleyError
    from parley.speech.live import Done, Final, Level, LiveEvent, Partial, Received, Trouble, Voice
    from parley.speech.speaking import Sentence, SpeechBegun, SpeechEvent, Spoken, SpokenAudio
    from parley.speech.transcript import Segment, Transcript, Word

__version__ = "0.1.0"

_HOMES = {
    "transcribe": "parley.api",
    "transcribe_async": "parley.api",
    "stream": "parley.api",
    "listen": "parley.api",
    "transcribe_live": "parley.api",
    "speak": "parley.api",
    "ParleyError": "parley.errors",
    **dict.fromkeys(
        ("Done", "Final", "Level", "LiveEvent", "Partial", "Received", "Trouble", "Voice"),
        "parley.speech.live",
    ),
    **dict.fromkeys(
        ("Sentence", "SpeechBegun", "SpeechEvent", "Spoken", "SpokenAudio"), "parley.speech.speaking"
    ),
    "Segment": "parley.speech.transcript",
    "Transcript": "parley.speech.transcript",
    "Word": "parley.speech.transcript",
}

__all__ = [
    "Done",
    "Final",
    "Level",
    "LiveEvent",
    "ParleyError",
    "Partial",
    "Received",
    "Segment",
    "Sentence",
    "SpeechBegun",
    "SpeechEvent",
    "Spoken",
    "SpokenAudio",
    "Transcript",
    "Trouble",
    "Voice",
    "Word",
    "listen",
    "speak",
    "stream",
    "transcribe",
    "transcribe_async",
    "transcribe_live",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'parley' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
