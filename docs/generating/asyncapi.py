"""The native protocol as an AsyncAPI 3.0 document."""

from __future__ import annotations

import json
from typing import Any

from parley import __version__
from parley.wire.native.catalogue import CATALOGUE, Direction, Entry
from parley.wire.native.schema import data_definitions, definition_name, envelope_schema

_CHANNEL = "native"
_ANSWERS = {
    "ping": ("pong",),
    "auth": ("auth_success", "connected", "error"),
    "upload_request": ("upload_ready", "task_complete", "error"),
    "upload_data": ("upload_complete", "task_queued", "queue_full", "error"),
    "upload_chunk": ("chunk_received", "upload_complete", "task_queued", "queue_full", "error"),
    "finalize_upload": ("upload_complete", "task_queued", "queue_full", "task_status", "error"),
    "upload_status": ("upload_status", "error"),
    "task_status": ("task_status", "error"),
    "task_status_batch": ("task_status_batch", "error"),
    "task_list": ("task_list", "error"),
    "subscribe": (
        "task_status",
        "task_segment",
        "task_progress",
        "task_complete",
        "task_cancelled",
        "error",
    ),
    "cancel_task": ("task_cancelled", "error"),
}
_UNASKED = ("auth_required", "connected", "task_progress", "task_segment", "task_complete", "task_cancelled")
"""What the server sends without being asked in that moment."""


def asyncapi_file() -> str:
    """The document as JSON."""
    return json.dumps(asyncapi(), indent=2, ensure_ascii=False, default=dict) + "\n"


def asyncapi() -> dict[str, Any]:
    """The document, written from the server's side: it receives what clients send."""
    messages = {definition_name(entry): _message(entry) for entry in CATALOGUE} | {"chunk": _binary_chunk()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Native protocol of Parley",
            "version": __version__,
            "description": "Recordings become transcripts, over one WebSocket. The prose is in native.md.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"local": {"host": "127.0.0.1:8767", "protocol": "ws", "security": _security()}},
        "channels": {
            _CHANNEL: {
                "address": "/",
                "description": "Also every path that no other door has claimed.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
                "bindings": {"ws": {"method": "GET", "query": _query(), "bindingVersion": "0.1.0"}},
            }
        },
        "operations": _operations(),
        "components": {
            "messages": messages,
            "schemas": _moved(data_definitions()),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "A JWT or an API key."},
                "query": {"type": "httpApiKey", "name": "token", "in": "query"},
            },
        },
    }


def _security() -> list[dict[str, str]]:
    return [{"$ref": f"#/components/securitySchemes/{name}"} for name in ("bearer", "query")]


def _query() -> dict[str, Any]:
    token = {"type": "string", "description": "Where a header cannot be set."}
    return {"type": "object", "properties": {"token": token}}


def _operations() -> dict[str, Any]:
    operations = {
        entry.type: _operation("receive", entry.summary, [definition_name(entry)], _ANSWERS[entry.type])
        for entry in CATALOGUE
        if entry.direction is Direction.CLIENT
    }
    answers = ("chunk_received", "upload_complete", "task_queued", "queue_full", "error")
    operations["chunk"] = _operation("receive", "A part of the file as bytes.", ["chunk"], answers)
    unasked = [f"{Direction.SERVER}.{kind}" for kind in _UNASKED]
    operations["tell"] = _operation("send", "What the server sends of its own accord.", unasked, ())
    return operations


def _operation(action: str, summary: str, messages: list[str], answers: tuple[str, ...]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "action": action,
        "channel": {"$ref": f"#/channels/{_CHANNEL}"},
        "summary": summary,
        "messages": [_in_channel(name) for name in messages],
    }
    if answers:
        named = [_in_channel(f"{Direction.SERVER}.{kind}") for kind in answers]
        operation["reply"] = {"channel": {"$ref": f"#/channels/{_CHANNEL}"}, "messages": named}
    return operation


def _in_channel(name: str) -> dict[str, str]:
    return {"$ref": f"#/channels/{_CHANNEL}/messages/{name}"}


def _message(entry: Entry) -> dict[str, Any]:
    payload: dict[str, Any] = {"type": entry.type, "data": entry.example}
    if entry.direction is Direction.SERVER:
        payload["timestamp"] = "2025-06-01T08:30:00.120000+00:00"
    return {
        "name": entry.type,
        "title": entry.type,
        "summary": entry.summary,
        "payload": _moved(envelope_schema(entry)),
        "examples": [{"name": entry.type, "payload": payload}],
    }


def _binary_chunk() -> dict[str, Any]:
    return {
        "name": "chunk",
        "title": "Binary chunk",
        "summary": "Task id (UUID, 16 bytes), index (4, little-endian), MD5 (16; zeros: none), the bytes.",
        "contentType": "application/octet-stream",
        "payload": {"type": "string", "format": "binary"},
    }


def _moved(value: Any) -> Any:
    """A schema whose references point to where AsyncAPI keeps schemas."""
    if isinstance(value, dict):
        return {key: _moved(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_moved(inner) for inner in value]
    if isinstance(value, str) and value.startswith("#/$defs/"):
        return value.replace("#/$defs/", "#/components/schemas/")
    return value
