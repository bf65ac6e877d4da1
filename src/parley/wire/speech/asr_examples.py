"""An example of each message of `/asr`: the `data` as it stands on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from parley.wire.native.examples import CLIENT_EXAMPLES as NATIVE_CLIENT_EXAMPLES
from parley.wire.native.examples import SERVER_EXAMPLES as NATIVE_SERVER_EXAMPLES

_TOKEN = "rBd0VYk3bJxkq1l7ZcWmXo5S2cQeGJ4h"  # noqa: S105 - an example

CLIENT_EXAMPLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "auth": NATIVE_CLIENT_EXAMPLES["auth"],
        "start": {
            "sample_rate": 48000,
            "encoding": "float32",
            "channels": 1,
            "language": "en",
            "profile": None,
            "hotwords": {"Parley": 2.0},
            "partials": True,
            "endpoint_silence_ms": 600,
            "words": True,
            "levels": False,
            "record": False,
            "resume_token": None,
            "have_utterance": None,
        },
        "finalize": {},
        "stop": {},
        "ping": {},
    }
)
"""By type."""

SERVER_EXAMPLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "auth_required": NATIVE_SERVER_EXAMPLES["auth_required"],
        "auth_success": NATIVE_SERVER_EXAMPLES["auth_success"],
        "ready": {
            "session_id": "9f1c2f7a0a5e4c0e8f0b6d1e2a3b4c5d",
            "resume_token": _TOKEN,
            "sample_rate": 48000,
            "profile": "embedded",
            "streaming": False,
            "received_samples": 0,
        },
        "vad": {"status": "speech_start", "time": 0.48},
        "partial": {
            "utterance": 0,
            "start": 0.48,
            "text": "Good morning ever",
            "stable_chars": 12,
            "language": None,
            "speaker": None,
            "translation": None,
        },
        "final": {
            "utterance": 0,
            "start": 0.48,
            "end": 2.1,
            "text": "Good morning, everybody.",
            "confidence": 0.94,
            "words": [
                {"text": "Good", "start": 0.48, "end": 0.7, "confidence": 0.98},
                {"text": "morning,", "start": 0.74, "end": 1.2, "confidence": 0.97},
                {"text": "everybody.", "start": 1.24, "end": 2.1, "confidence": 0.9},
            ],
            "language": "en",
            "speaker": None,
            "translation": None,
        },
        "ack": {"received_samples": 96000, "lag_ms": 180, "skipped_partials": 0},
        "level": {"dbfs": -23.4},
        "pong": NATIVE_SERVER_EXAMPLES["pong"],
        "done": {"utterances": 1, "audio_seconds": 3.2, "task_id": None},
        "error": {
            "error": "recognition_failed",
            "message": "What was said from 61.2 s to 64.0 s could not be recognised; the session goes on.",
            "fatal": False,
            "utterance": 7,
            "retry_after": None,
        },
    }
)
"""By type."""
