"""The documents of voices."""

from __future__ import annotations

from pathlib import Path

from parley.wire.speech.tts_catalogue import TTS

from .asyncapi import Binary, Channel
from .reference import reference_page

_HEAD = Path(__file__).with_name("tts.head.md")

_ABOUT_ERRORS = """\
`error` in an `error` message is usually one of these; all there are stand in [errors](../errors.md)."""

_SPOKEN = ("started", "sentence", "done", "error")

CHANNEL = Channel(
    protocol=TTS,
    name="tts",
    address="/tts",
    about="Text becomes speech, clause by clause, over one WebSocket. The prose is in tts.md.",
    description="One connection, one text after the other; also any path of the extra port that settings "
    "may open.",
    answers={
        "auth": ("auth_success", "error"),
        "synthesize": _SPOKEN,
        "start": ("started", "error"),
        "text": ("sentence", "error"),
        "flush": ("sentence", "error"),
        "end": ("sentence", "done", "error"),
        "cancel": ("cancelled", "error"),
        "voices": ("voices", "error"),
        "ping": ("pong",),
    },
    unasked=("auth_required", "started", "sentence", "done", "error"),
    binary=Binary(
        name="audio",
        title="Audio",
        summary="Mono PCM16, little-endian, of the clause whose `sentence` came last.",
        operation="What is spoken.",
        answers=(),
        is_sent=True,
    ),
)


def tts_page() -> str:
    """The reference as Markdown."""
    return reference_page(TTS, _HEAD, _ABOUT_ERRORS)
