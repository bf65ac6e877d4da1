"""What a live session tells its listener; the nouns are `speech.live`'s, because clients know them too."""

from __future__ import annotations

from parley.speech.live import (
    Done,
    End,
    Failed,
    Final,
    Level,
    LiveEvent,
    Partial,
    Received,
    Trouble,
    Voice,
)

__all__ = [
    "Done",
    "End",
    "Failed",
    "Final",
    "Level",
    "LiveEvent",
    "Partial",
    "Received",
    "Trouble",
    "Voice",
]
