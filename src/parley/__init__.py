"""Parley, a self-hosted speech server; the public names load on first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parley.api import stream, transcribe, transcribe_async
    from parley.errors import ParleyError
    from parley.speech.transcript import Segment, Transcript, Word

__version__ = "0.1.0"

_HOMES = {
    "transcribe": "parley.api",
    "transcribe_async": "parley.api",
    "stream": "parley.api",
    "ParleyError": "parley.errors",
    "Segment": "parley.speech.transcript",
    "Transcript": "parley.speech.transcript",
    "Word": "parley.speech.transcript",
}

__all__ = [
    "ParleyError",
    "Segment",
    "Transcript",
    "Word",
    "stream",
    "transcribe",
    "transcribe_async",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'parley' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
