"""The documents of live recognition."""

from __future__ import annotations

from pathlib import Path

from parley.wire.speech.asr_catalogue import ASR

from .asyncapi import Binary, Channel
from .reference import reference_page

_HEAD = Path(__file__).with_name("asr.head.md")

_ABOUT_ERRORS = """\
`error` in an `error` message is usually one of these; all there are stand in [errors](../errors.md)."""

CHANNEL = Channel(
    protocol=ASR,
    name="asr",
    address="/asr",
    about="Live speech becomes partial and final text, over one WebSocket. The prose is in asr.md.",
    description="One connection, one session; also any path of the extra port that settings may open.",
    answers={
        "auth": ("auth_success", "error"),
        "start": ("ready", "error"),
        "finalize": ("final", "error"),
        "stop": ("final", "done", "error"),
        "ping": ("pong",),
    },
    unasked=("auth_required", "vad", "partial", "final", "ack", "level", "error"),
    binary=Binary(
        name="audio",
        title="Audio",
        summary="Samples in the encoding of the session, in pieces of any size.",
        operation="What the microphone hears.",
        answers=("ready", "vad", "partial", "final", "ack", "level", "error"),
    ),
)


def asr_page() -> str:
    """The reference as Markdown."""
    return reference_page(ASR, _HEAD, _ABOUT_ERRORS)
