"""An example of each message of `/tts`: the `data` as it stands on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from parley.wire.native.examples import CLIENT_EXAMPLES as NATIVE_CLIENT_EXAMPLES
from parley.wire.native.examples import SERVER_EXAMPLES as NATIVE_SERVER_EXAMPLES

_HOW: Mapping[str, Any] = {
    "voice": "espeak-ng/en-us",
    "language": "en",
    "engine": None,
    "speed": 1.0,
    "sample_rate": 24000,
    "instruct": "",
    "paced": False,
}

CLIENT_EXAMPLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "auth": NATIVE_CLIENT_EXAMPLES["auth"],
        "synthesize": {"request_id": "greeting", **_HOW, "text": "Good morning. How did you sleep?"},
        "start": {"request_id": "answer", **_HOW, "paced": True},
        "text": {"request_id": "answer", "text": "It will rain, so "},
        "flush": {"request_id": "answer"},
        "end": {"request_id": "answer"},
        "cancel": {"request_id": "answer"},
        "voices": {},
        "ping": {},
    }
)
"""By type."""

SERVER_EXAMPLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "auth_required": NATIVE_SERVER_EXAMPLES["auth_required"],
        "auth_success": NATIVE_SERVER_EXAMPLES["auth_success"],
        "started": {"request_id": "greeting", "voice": "espeak-ng/en-us", "sample_rate": 24000},
        "sentence": {
            "request_id": "greeting",
            "index": 0,
            "text": "Good morning.",
            "first_sample": 0,
            "samples": 21600,
        },
        "done": {"request_id": "greeting", "samples": 52800, "first_audio_ms": 38, "rtf": 0.0121},
        "cancelled": {"request_id": "answer"},
        "voices": {
            "voices": [
                {
                    "id": "espeak-ng/en-us",
                    "name": "en-us",
                    "kind": "preset",
                    "engine": "espeak-ng",
                    "model": "",
                    "languages": ["en"],
                    "summary": "English (America)",
                    "created_at": None,
                },
                {
                    "id": "7c0d41f2a9b84f5e",
                    "name": "小雨",
                    "kind": "cloned",
                    "engine": "qwen3-tts-base-0.6b",
                    "model": "qwen3-tts-0.6b-base",
                    "languages": ["zh", "de", "en", "es", "fr", "it", "ja", "ko", "pt", "ru"],
                    "summary": "",
                    "created_at": 1748766600.0,
                },
            ],
            "default": "espeak-ng/en-us",
        },
        "pong": NATIVE_SERVER_EXAMPLES["pong"],
        "error": {
            "request_id": "greeting",
            "error": "voices_busy",
            "message": "16 texts are spoken at once already; try again in a moment.",
            "fatal": False,
            "retry_after": 2.0,
        },
    }
)
"""By type."""
