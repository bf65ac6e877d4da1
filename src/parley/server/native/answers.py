"""What the rooms answer, as messages."""

from __future__ import annotations

import math
from collections.abc import Awaitable
from datetime import UTC, datetime

from parley.errors import ParleyError
from parley.jobs.principal import Principal
from parley.jobs.task import Task, TaskState
from parley.jobs.upload import (
    Acknowledgement,
    Answered,
    ChunkReceipt,
    Full,
    Opened,
    Queued,
    Started,
    UploadState,
)
from parley.server.rooms import Tasks
from parley.wire.native.result import JsonResult, TextResult
from parley.wire.native.server import (
    BatchItem,
    ChunkReceived,
    ListItem,
    QueueFull,
    TaskQueued,
    TaskStatus,
    UploadComplete,
    UploadReady,
    UploadStatus,
)


def ready(opened: Opened) -> UploadReady:
    """The upload may begin."""
    return UploadReady(
        task_id=opened.task_id,
        message="Send the file.",
        chunk_size=opened.chunk_bytes or None,
        total_chunks=opened.chunks or None,
    )


def received(receipt: ChunkReceipt) -> ChunkReceived:
    """A chunk is on the disk."""
    return ChunkReceived(
        task_id=receipt.task_id,
        chunk_index=receipt.index,
        progress=round(100.0 * receipt.received / max(1, receipt.chunks), 2),
        status="duplicate" if receipt.is_duplicate else "received",
    )


def upload_status(state: UploadState) -> UploadStatus:
    """What is missing of an upload."""
    return UploadStatus(
        task_id=state.task_id,
        chunk_size=state.chunk_bytes,
        total_chunks=state.chunks,
        received=state.received,
        missing=list(state.missing),
    )


def acknowledged(acknowledgement: Acknowledgement) -> UploadComplete | TaskQueued | QueueFull:
    """What became of an upload whose bytes are all there."""
    task_id = acknowledgement.task_id
    match acknowledgement:
        case Queued(position=position, wait_s=wait_s):
            return TaskQueued(
                task_id=task_id,
                message=f"The task waits in the queue at place {position}.",
                queue_position=position,
                estimated_wait_seconds=round(wait_s, 1),
                estimated_wait_minutes=math.ceil(wait_s / 60.0),
            )
        case Full(retry_after_s=retry_after_s, waiting=waiting, most_waiting=most_waiting):
            return QueueFull(
                task_id=task_id,
                retry_after=retry_after_s,
                queue_size=waiting,
                max_queue_size=most_waiting,
                message=f"The queue is full (队列已满): the file is kept, "
                f"send finalize_upload in {retry_after_s} s.",
            )
        case Started():
            return UploadComplete(task_id=task_id, message="The upload is complete; work begins.")
        case Answered():
            return UploadComplete(task_id=task_id, message="The upload is complete; its result is known.")


async def status_of(desk: Tasks, who: Principal, task: Task) -> TaskStatus:
    """How a task is, with the result of one that is completed."""
    completed = task.state is TaskState.COMPLETED
    return TaskStatus(
        task_id=task.id,
        status=task.state.value,
        progress=task.progress,
        result=await desk.result(who, task.id) if completed else None,
        error=task.failure.message if task.failure else None,
    )


def receiving(task_id: str) -> TaskStatus:
    """How a task is whose upload is not complete."""
    return TaskStatus(task_id=task_id, status="pending", progress=0.0)


async def batch_item(task_id: str, asked: Awaitable[TaskStatus]) -> BatchItem:
    """How one of several tasks is; one that is unknown or forgotten says so in `error`."""
    try:
        status = await asked
    except ParleyError as error:
        if error.code not in ("task_not_found", "task_expired"):
            raise
        return BatchItem(task_id=task_id, status=None, progress=0.0, srt_content=None, error=error.code)
    return BatchItem(
        task_id=task_id,
        status=status.status,
        progress=status.progress,
        result=status.result if isinstance(status.result, JsonResult) else None,
        srt_content=status.result.content if isinstance(status.result, TextResult) else None,
        error=status.error,
    )


def list_item(task: Task) -> ListItem:
    """A task in a list."""
    return ListItem(
        task_id=task.id,
        file_name=task.order.file_name,
        status=task.state.value,
        progress=task.progress,
        output_format=task.order.output_format,
        engine=task.order.profile,
        created_at=_moment(task.created_at),
        finished_at=None if task.finished_at is None else _moment(task.finished_at),
        duration=task.duration,
        error=task.failure.message if task.failure else None,
    )


def _moment(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat()
