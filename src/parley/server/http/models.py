"""What the HTTP doors say of a task."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from parley.jobs.task import Task, TaskState
from parley.server.messages import failure_of
from parley.wire.native.client import TaskStatusName
from parley.wire.native.message import Timestamp
from parley.wire.native.server import ErrorType


class Document(BaseModel):
    """A JSON answer; null fields are sent as null."""

    model_config = ConfigDict(frozen=True)


class JobError(Document):
    """Why a job has no result."""

    code: str = Field(description="A code of the error tree.")
    type: ErrorType
    message: str


class Job(Document):
    """A request for a transcript, and how it stands."""

    task_id: str
    status: TaskStatusName
    progress: float = Field(ge=0, le=100, description="Percent; never falls.")
    file_name: str
    file_size: int = Field(description="Bytes.")
    file_hash: str = Field(description="MD5 of the file.")
    output_format: str
    engine: str = Field(description="The profile.")
    priority: str
    created_at: Timestamp
    started_at: Timestamp | None = None
    finished_at: Timestamp | None = None
    duration: float | None = Field(None, description="Seconds of the recording; null until known.")
    processing_time: float | None = Field(None, description="Seconds spent recognising.")
    queue_position: int | None = Field(None, description="From 1; null unless the job waits.")
    estimated_wait_seconds: float | None = None
    error: JobError | None = None
    edited: bool = Field(False, description="Whether `PATCH edits` changed names or texts.")
    has_media: bool = Field(False, description="Whether the recording can still be fetched.")


class JobList(Document):
    """The user's jobs, the newest first."""

    items: list[Job]
    next_cursor: str | None = Field(None, description="Ask again with it as `cursor`; null at the end.")


def job_of(task: Task) -> Job:
    """A task as its owner sees it over HTTP."""
    return Job(
        task_id=task.id,
        status=task.state.value,
        progress=task.progress,
        file_name=task.order.file_name,
        file_size=task.size_bytes,
        file_hash=task.md5,
        output_format=task.order.output_format,
        engine=task.order.profile,
        priority=task.order.priority.value,
        created_at=moment(task.created_at),
        started_at=None if task.started_at is None else moment(task.started_at),
        finished_at=None if task.finished_at is None else moment(task.finished_at),
        duration=task.duration,
        processing_time=task.processing_s if task.state.is_over else None,
        queue_position=task.queue_position,
        estimated_wait_seconds=task.estimated_wait_s,
        error=_error(task),
        edited=task.edited,
        has_media=task.has_media,
    )


def _error(task: Task) -> JobError | None:
    if not task.state.is_over or task.state is TaskState.COMPLETED:
        return None
    failure = failure_of(task)
    return JobError(code=failure.code, type=failure.kind.value, message=failure.message)


def moment(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()
