"""The documents of conversation."""

from __future__ import annotations

from pathlib import Path

from parley.wire.speech.assistant_catalogue import ASSISTANT

from .asyncapi import Binary, Channel
from .reference import reference_page

_HEAD = Path(__file__).with_name("assistant.head.md")

_ABOUT_ERRORS = """\
`code` in a `voice_assistant:error` is usually one of these; all there are stand in [errors](../errors.md)."""

_EVENT = "voice_assistant"
_PROBLEM = f"{_EVENT}:error"
_ANSWERING = (
    f"{_EVENT}:state_changed",
    f"{_EVENT}:user_transcript",
    f"{_EVENT}:assistant_response",
    _PROBLEM,
)

CHANNEL = Channel(
    protocol=ASSISTANT,
    name="assistant",
    address="/assistant",
    about="A spoken conversation with a language model, over one WebSocket. The prose is in assistant.md.",
    description="One connection, one conversation at a time.",
    answers={
        "auth": ("auth_success", _PROBLEM),
        "start": ("ready", _PROBLEM),
        "finalize": _ANSWERING,
        "text": _ANSWERING,
        "interrupt": (f"{_EVENT}:playback", f"{_EVENT}:state_changed", _PROBLEM),
        "played": (f"{_EVENT}:playback_started", f"{_EVENT}:playback_ended", _PROBLEM),
        "reset": ("ready", _PROBLEM),
        "stop": ("bye", _PROBLEM),
        "ping": ("pong",),
    },
    unasked=(
        "auth_required",
        f"{_EVENT}:state_changed",
        f"{_EVENT}:user_transcript",
        f"{_EVENT}:assistant_response",
        f"{_EVENT}:audio_level",
        f"{_EVENT}:vad_status",
        f"{_EVENT}:playback",
        f"{_EVENT}:playback_started",
        f"{_EVENT}:playback_ended",
        f"{_EVENT}:turn_metrics",
        "audio",
        "bye",
        _PROBLEM,
    ),
    binary=Binary(
        name="microphone",
        title="Microphone",
        summary="Mono PCM16, little-endian, at the rate of `start`, in pieces of any size.",
        operation="What the microphone hears.",
        answers=("ready", f"{_EVENT}:vad_status", *_ANSWERING),
    ),
    back=Binary(
        name="loudspeaker",
        title="Loudspeaker",
        summary="Mono PCM16, little-endian: the samples that the `audio` before it announced.",
        operation="What the loudspeaker is to play.",
        answers=(),
        is_sent=True,
    ),
)


def assistant_page() -> str:
    """The reference as Markdown."""
    return reference_page(ASSISTANT, _HEAD, _ABOUT_ERRORS)
