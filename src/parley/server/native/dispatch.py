"""Which function answers which message; chunks apart, they are answered in turn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from parley.server.native import tasks, uploads
from parley.server.native.conversation import Conversation
from parley.server.native.reading import Whole
from parley.wire.native.client import (
    AskTaskList,
    AskTaskStatus,
    AskTaskStatusBatch,
    AskUploadStatus,
    Auth,
    CancelTask,
    FinalizeUpload,
    Ping,
    Subscribe,
    UploadRequest,
)

Answer = Callable[[Conversation, Any], Awaitable[None]]

ANSWERS: Mapping[type, Answer] = {
    Ping: tasks.ping,
    Auth: tasks.auth,
    UploadRequest: uploads.request,
    Whole: uploads.whole,
    FinalizeUpload: uploads.finalize,
    AskUploadStatus: uploads.status,
    AskTaskStatus: tasks.status,
    AskTaskStatusBatch: tasks.status_batch,
    AskTaskList: tasks.listing,
    Subscribe: tasks.subscribe,
    CancelTask: tasks.cancel,
}
