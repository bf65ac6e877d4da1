"""The documents of the native protocol."""

from __future__ import annotations

from pathlib import Path

from parley.wire.native.catalogue import NATIVE

from .asyncapi import Binary, Channel
from .reference import reference_page

_HEAD = Path(__file__).with_name("native.head.md")

_ABOUT_ERRORS = """\
`error` in an `error` message is one of these, or the reason why a task failed, as in
[errors](../errors.md). The HTTP door answers with the status and the same code."""

CHANNEL = Channel(
    protocol=NATIVE,
    name="native",
    address="/",
    about="Recordings become transcripts, over one WebSocket. The prose is in native.md.",
    description="Also every path that no other door has claimed.",
    answers={
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
    },
    unasked=(
        "auth_required",
        "connected",
        "task_progress",
        "task_segment",
        "task_complete",
        "task_cancelled",
    ),
    binary=Binary(
        name="chunk",
        title="Binary chunk",
        summary="Task id (UUID, 16 bytes), index (4, little-endian), MD5 (16; zeros: none), the bytes.",
        operation="A part of the file as bytes.",
        answers=("chunk_received", "upload_complete", "task_queued", "queue_full", "error"),
    ),
)


def native_page() -> str:
    """The reference as Markdown."""
    return reference_page(NATIVE, _HEAD, _ABOUT_ERRORS)
