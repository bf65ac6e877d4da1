"""Events as JSON: what a webhook's body holds, and what the outbox keeps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from parley.notify.events import Event, display_name
from parley.notify.wording import Language, sentence_of

_decoder = msgspec.json.Decoder(Event)


def pack(event: Event) -> bytes:
    """For the outbox."""
    return msgspec.json.encode(event)


def unpack(payload: bytes) -> Event:
    """From the outbox; raises msgspec.MsgspecError for what another version has written."""
    return _decoder.decode(payload)


def body_of(event: Event, server: str, language: Language) -> bytes:
    """The body of a webhook's POST."""
    body: dict[str, Any] = {
        "id": event.id,
        "event": event.kind,
        "created_at": datetime.fromtimestamp(event.at, UTC).isoformat(),
        "server": server,
        "message": sentence_of(event, server, language),
        "task": None,
    }
    if (task := event.task) is not None:
        failed = task.error_code is not None
        body["task"] = {
            "task_id": task.task_id,
            "file_name": display_name(task.file_name),
            "status": task.state,
            "duration": task.duration,
            "processing_time": round(task.processing_s, 3),
            "error": {"code": task.error_code, "message": task.error_message} if failed else None,
        }
    return msgspec.json.encode(body)
