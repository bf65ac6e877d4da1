"""What the server sends. Sections are those of the protocol's reference."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from parley.wire.native.client import TaskStatusName
from parley.wire.native.message import Data, Timestamp
from parley.wire.native.result import JsonResult, Part, Result

ErrorType = Literal["audio_error", "model_error", "worker_error", "timeout", "cancelled", "internal_error"]


class AuthRequired(Data):
    """The first frame where authentication is on; the answer is `auth`."""

    TYPE: ClassVar[str] = "auth_required"

    message: str


class AuthUser(Part):
    """Who was recognised."""

    username: str


class AuthSuccess(Data):
    """The token was accepted."""

    TYPE: ClassVar[str] = "auth_success"

    message: str
    user: AuthUser


class Connected(Data):
    """The line is open for requests."""

    TYPE: ClassVar[str] = "connected"

    connection_id: str
    message: str
    server_time: Timestamp


class Pong(Data):
    """The line lives."""

    TYPE: ClassVar[str] = "pong"

    timestamp: Timestamp


class UploadReady(Data):
    """The upload may begin; `chunk_size` and `total_chunks` are null in single mode."""

    TYPE: ClassVar[str] = "upload_ready"

    task_id: str
    message: str
    chunk_size: int | None = None
    total_chunks: int | None = None


class ChunkReceived(Data):
    """A chunk is on the disk."""

    TYPE: ClassVar[str] = "chunk_received"

    task_id: str
    chunk_index: int
    progress: float = Field(ge=0, le=100)
    status: Literal["received", "duplicate"]


class UploadStatus(Data):
    """What has arrived of an upload; `missing` are ranges of chunk indices, both ends included."""

    TYPE: ClassVar[str] = "upload_status"

    task_id: str
    chunk_size: int
    total_chunks: int
    received: int = Field(description="Number of chunks.")
    missing: list[tuple[int, int]]


class UploadComplete(Data):
    """The acknowledgement when a worker is free."""

    TYPE: ClassVar[str] = "upload_complete"

    task_id: str
    message: str


class TaskQueued(Data):
    """The acknowledgement when the task has to wait."""

    TYPE: ClassVar[str] = "task_queued"

    task_id: str
    message: str
    queue_position: int = Field(ge=1)
    estimated_wait_seconds: float
    estimated_wait_minutes: int = Field(description="Rounded up.")


class QueueFull(Data):
    """The acknowledgement when admission is closed; the file is kept for `finalize_upload`."""

    TYPE: ClassVar[str] = "queue_full"

    task_id: str
    retry_after: int = Field(ge=1, description="Seconds.")
    queue_size: int
    max_queue_size: int
    error: Literal["queue_full"] = "queue_full"
    message: str


class TaskProgress(Data):
    """How far a task is; at least one every ten seconds, and it never falls."""

    TYPE: ClassVar[str] = "task_progress"

    task_id: str
    progress: float = Field(ge=0, le=100)
    status: Literal["processing", "failed"] = "processing"
    message: str
    error_type: ErrorType | None = None
    timestamp: Timestamp


class TaskSegment(Data):
    """Recognised text; speakers and punctuation may still change it unless `final`."""

    TYPE: ClassVar[str] = "task_segment"

    task_id: str
    index: int = Field(ge=0, description="Counts the messages in the order they were sent.")
    start: float
    end: float
    text: str
    final: bool


class TaskComplete(Data):
    """The terminal message of a task that succeeded."""

    TYPE: ClassVar[str] = "task_complete"

    task_id: str
    result: Result
    timestamp: Timestamp

    @property
    def may_be_large(self) -> bool:
        """With the text of whole recordings."""
        return True


class TaskStatus(Data):
    """How a task is."""

    TYPE: ClassVar[str] = "task_status"

    task_id: str
    status: TaskStatusName
    progress: float = Field(ge=0, le=100)
    result: Result | None = None
    error: str | None = None

    @property
    def may_be_large(self) -> bool:
        """With the text of whole recordings."""
        return self.result is not None


class BatchItem(Part):
    """One of several tasks; `status` is null for one that is unknown or forgotten."""

    task_id: str
    status: TaskStatusName | None
    progress: float = Field(0, ge=0, le=100)
    result: JsonResult | None = None
    srt_content: str | None = Field(None, description="The content of a text result.")
    error: str | None = None


class TaskStatusBatch(Data):
    """Several tasks, in the order asked."""

    TYPE: ClassVar[str] = "task_status_batch"

    items: list[BatchItem]

    @property
    def may_be_large(self) -> bool:
        """With the text of whole recordings."""
        return True


class ListItem(Part):
    """One of the user's tasks."""

    task_id: str
    file_name: str
    status: TaskStatusName
    progress: float = Field(ge=0, le=100)
    output_format: str
    engine: str
    created_at: Timestamp
    finished_at: Timestamp | None = None
    duration: float | None = None
    error: str | None = None


class TaskList(Data):
    """The user's tasks, the newest first."""

    TYPE: ClassVar[str] = "task_list"

    items: list[ListItem]
    next_cursor: str | None = None


class TaskCancelled(Data):
    """The terminal message of a task that was cancelled."""

    TYPE: ClassVar[str] = "task_cancelled"

    task_id: str
    message: str


ERROR_CODES: tuple[str, ...] = (
    "auth_failed",
    "invalid_json",
    "unknown_message_type",
    "message_error",
    "missing_task_id",
    "missing_task_ids",
    "invalid_format",
    "invalid_file_type",
    "file_too_large",
    "upload_error",
    "unsupported_option",
    "profile_not_installed",
    "task_not_found",
    "task_expired",
    "missing_file_data",
    "size_mismatch",
    "hash_mismatch",
    "upload_data_error",
    "chunked_upload_error",
    "too_many_sessions",
    "missing_chunk_data",
    "invalid_chunk",
    "session_not_found",
    "chunk_hash_mismatch",
    "chunk_upload_error",
    "file_hash_mismatch",
    "finalize_error",
    "status_error",
    "cancel_failed",
    "cancel_error",
    "rate_limited",
    "job_failed",
)
"""What `error` may hold in an `error` message, besides the reasons of a failed task."""


class Error(Data):
    """Something was refused or failed; with a `task_id` it may be that task's terminal message."""

    TYPE: ClassVar[str] = "error"

    error: str = Field(description="A code of the protocol.")
    message: str
    details: dict[str, Any] | None = None
    task_id: str | None = None
    chunk_index: int | None = None


SERVER_MESSAGES: tuple[type[Data], ...] = (
    AuthRequired,
    AuthSuccess,
    Connected,
    Pong,
    UploadReady,
    ChunkReceived,
    UploadStatus,
    UploadComplete,
    TaskQueued,
    QueueFull,
    TaskProgress,
    TaskSegment,
    TaskComplete,
    TaskStatus,
    TaskStatusBatch,
    TaskList,
    TaskCancelled,
    Error,
)
"""Every message the server may send."""
