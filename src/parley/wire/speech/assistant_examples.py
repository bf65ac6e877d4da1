"""An example of each message of `/assistant`: the `data` as it stands on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from parley.wire.native.examples import CLIENT_EXAMPLES as NATIVE_CLIENT_EXAMPLES
from parley.wire.native.examples import SERVER_EXAMPLES as NATIVE_SERVER_EXAMPLES

_TOKEN = "Xw3mE9yT1sLq0aUb7cVd5eRf2gHi8jKl"  # noqa: S105 - an example
_CONVERSATION = "5b0c4e0a9d3c4b6f8a1e2d3c4b5a6978"

CLIENT_EXAMPLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "auth": NATIVE_CLIENT_EXAMPLES["auth"],
        "start": {
            "language": "en",
            "voice": "espeak-ng/en-gb",
            "speed": 1.0,
            "profile": None,
            "instructions": "You are a patient teacher. Answer in two sentences at most.",
            "conversation_id": None,
            "hands_free": True,
            "sample_rate": 16000,
            "resume_token": None,
        },
        "finalize": {},
        "text": {"text": "And of Chile?"},
        "interrupt": {},
        "played": {"turn": 1, "samples": 17640},
        "reset": {},
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
            "session_id": "1c2f7a0a5e4c0e8f0b6d1e2a3b4c5d9f",
            "resume_token": _TOKEN,
            "conversation_id": _CONVERSATION,
            "voice": "espeak-ng/en-gb",
            "language": "en",
            "sample_rate": 24000,
            "model": "gpt-4o-mini",
            "parrot": False,
            "received_samples": 0,
        },
        "voice_assistant:state_changed": {"state": "Thinking"},
        "voice_assistant:user_transcript": {
            "partial": None,
            "final_text": "What is the capital of Peru?",
            "confidence": 0.93,
            "turn": 1,
            "revision": 0,
            "typed": False,
        },
        "voice_assistant:assistant_response": {
            "content": "The capital of Peru is Lima.",
            "is_complete": False,
            "turn": 1,
            "revision": 0,
        },
        "voice_assistant:audio_level": {"level": 0.214},
        "voice_assistant:vad_status": {"status": "speech_start"},
        "voice_assistant:playback_started": {},
        "voice_assistant:playback_ended": {},
        "voice_assistant:playback": {"turn": 1, "action": "resume", "from_sample": 17640},
        "audio": {
            "turn": 1,
            "sample_rate": 24000,
            "samples": 2400,
            "first_sample": 0,
            "text": "The capital of Peru is Lima.",
        },
        "voice_assistant:turn_metrics": {
            "turn": 1,
            "endpoint_ms": 600,
            "asr_final_ms": 730,
            "llm_first_token_ms": 1050,
            "first_sentence_ms": 1180,
            "tts_first_audio_ms": 1230,
            "first_audio_sent_ms": 1232,
            "interrupted": False,
        },
        "pong": NATIVE_SERVER_EXAMPLES["pong"],
        "bye": {},
        "voice_assistant:error": {
            "code": "llm_timeout",
            "message": "The language model did not answer in time; ask again, or use a faster one.",
            "fatal": False,
            "retry_after": None,
        },
    }
)
"""By type."""
