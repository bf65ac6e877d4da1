"""An example of each message: the `data` as it stands on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_TASK = "0b6f9f0e-6c1d-4f5e-9d55-0f2f0b9e6f11"
_OTHER = "5f0a4c52-8f0f-4c39-8f6c-6a6b7c1d2e3f"
_MD5 = "5eb63bbbe01eeed093cb22bb8f5acdc3"
_MOMENT = "2025-06-01T08:30:00.120000+00:00"

_METADATA = {
    "engine": "embedded",
    "diarize": True,
    "word_align": False,
    "language": "en",
    "projected": False,
    "warnings": [],
}

JSON_RESULT: Mapping[str, Any] = MappingProxyType(
    {
        "task_id": _TASK,
        "file_name": "talk.m4a",
        "stored_name": f"{_MD5}.m4a",
        "file_hash": _MD5,
        "duration": 12.5,
        "segments": [
            {
                "start_time": 0.12,
                "end_time": 3.0,
                "text": "Good morning, everybody.",
                "speaker": "Speaker1",
                "words": [{"text": "Good", "start": 0.12, "end": 0.4, "confidence": 0.93}],
            },
            {"start_time": 3.4, "end_time": 4.1, "text": "Morning.", "speaker": "Speaker2", "words": None},
        ],
        "speakers": ["Speaker1", "Speaker2"],
        "created_at": _MOMENT,
        "processing_time": 1.87,
        "error": None,
        "metadata": _METADATA,
    }
)
"""The result of a task whose output format is json."""

TEXT_RESULT: Mapping[str, Any] = MappingProxyType(
    {
        "format": "srt",
        "content": "1\n00:00:00,120 --> 00:00:03,000\nSpeaker1:Good morning, everybody.\n",
        "file_name": "talk.m4a",
        "stored_name": f"{_MD5}.m4a",
        "file_hash": _MD5,
        "duration": 12.5,
        "metadata": _METADATA,
    }
)
"""The result of a task with any other output format."""

CLIENT_EXAMPLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "ping": {},
        "auth": {"token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.c2lnbmF0dXJl"},
        "upload_request": {
            "file_name": "talk.m4a",
            "file_size": 2_621_440,
            "file_hash": _MD5,
            "upload_mode": "chunked",
            "chunk_size": 1_048_576,
            "total_chunks": 3,
            "output_format": "json",
            "language": "en",
            "diarize": True,
            "hotwords": {"Parley": 2.0},
            "channel": "mix",
            "from": 0.0,
            "to": 600.0,
            "segments": True,
            "priority": "normal",
        },
        "upload_data": {"task_id": _TASK, "file_data": "UklGRiQAAABXQVZF"},
        "upload_chunk": {
            "task_id": _TASK,
            "chunk_index": 0,
            "chunk_data": "UklGRiQAAABXQVZF",
            "chunk_hash": "05b3f76db67a9e94d7b0c30b5a1ab4ff",
        },
        "finalize_upload": {"task_id": _TASK},
        "upload_status": {"task_id": _TASK},
        "task_status": {"task_id": _TASK},
        "task_status_batch": {"task_ids": [_TASK, _OTHER]},
        "task_list": {"limit": 20, "cursor": None, "status": "completed"},
        "subscribe": {"task_id": _TASK, "from_segment": 12},
        "cancel_task": {"task_id": _TASK},
    }
)
"""By type."""

SERVER_EXAMPLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "auth_required": {"message": "Send a token."},
        "auth_success": {"message": "Welcome.", "user": {"username": "anna"}},
        "connected": {
            "connection_id": "c0ffee00c0ffee00",
            "message": "Connected.",
            "server_time": _MOMENT,
        },
        "pong": {"timestamp": _MOMENT},
        "upload_ready": {
            "task_id": _TASK,
            "message": "Send the chunks.",
            "chunk_size": 1_048_576,
            "total_chunks": 3,
        },
        "chunk_received": {"task_id": _TASK, "chunk_index": 0, "progress": 33.3, "status": "received"},
        "upload_status": {
            "task_id": _TASK,
            "chunk_size": 1_048_576,
            "total_chunks": 100,
            "received": 88,
            "missing": [[10, 19], [42, 43]],
        },
        "upload_complete": {"task_id": _TASK, "message": "The task begins."},
        "task_queued": {
            "task_id": _TASK,
            "message": "The task waits.",
            "queue_position": 3,
            "estimated_wait_seconds": 95.0,
            "estimated_wait_minutes": 2,
        },
        "queue_full": {
            "task_id": _TASK,
            "retry_after": 30,
            "queue_size": 500,
            "max_queue_size": 500,
            "error": "queue_full",
            "message": "队列已满 (the queue is full); ask again in 30 s with finalize_upload.",
        },
        "task_progress": {
            "task_id": _TASK,
            "progress": 41.5,
            "status": "processing",
            "message": "Recognising.",
            "error_type": None,
            "timestamp": _MOMENT,
        },
        "task_segment": {
            "task_id": _TASK,
            "index": 12,
            "start": 61.2,
            "end": 64.0,
            "text": "and that is all",
            "final": False,
        },
        "task_complete": {"task_id": _TASK, "result": JSON_RESULT, "timestamp": _MOMENT},
        "task_status": {
            "task_id": _TASK,
            "status": "processing",
            "progress": 41.5,
            "result": None,
            "error": None,
        },
        "task_status_batch": {
            "items": [
                {
                    "task_id": _TASK,
                    "status": "completed",
                    "progress": 100.0,
                    "result": None,
                    "srt_content": TEXT_RESULT["content"],
                    "error": None,
                },
                {
                    "task_id": _OTHER,
                    "status": None,
                    "progress": 0.0,
                    "result": None,
                    "srt_content": None,
                    "error": "task_not_found",
                },
            ]
        },
        "task_list": {
            "items": [
                {
                    "task_id": _TASK,
                    "file_name": "talk.m4a",
                    "status": "completed",
                    "progress": 100.0,
                    "output_format": "json",
                    "engine": "embedded",
                    "created_at": _MOMENT,
                    "finished_at": _MOMENT,
                    "duration": 12.5,
                    "error": None,
                }
            ],
            "next_cursor": None,
        },
        "task_cancelled": {"task_id": _TASK, "message": "The task was cancelled."},
        "error": {
            "error": "chunk_hash_mismatch",
            "message": "Chunk 7 does not have the hash beside it; send it again.",
            "details": None,
            "task_id": _TASK,
            "chunk_index": 7,
        },
    }
)
"""By type."""
