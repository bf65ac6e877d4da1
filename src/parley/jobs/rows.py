"""Tasks as rows and back."""

from __future__ import annotations

import time
from pathlib import PurePath

import msgspec

from parley.errors import StoreBroken
from parley.jobs.principal import Principal
from parley.jobs.task import ErrorType, Failure, Order, Task, TaskState
from parley.storage.recordings import StoredRecording
from parley.storage.tasks import StoredTask

_orders: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)


def order_of(row: StoredTask) -> Order:
    """What was asked for; raises StoreBroken for what no version of Parley wrote."""
    try:
        return _orders.decode(row.order)
    except msgspec.MsgspecError as error:
        raise StoreBroken(
            "The task was written down by another version of Parley; send the recording again.",
            detail=type(error).__name__,
        ) from error


def new_row(
    who: Principal, task_id: str, order: Order, recording: StoredRecording, *, work: str, turn: int
) -> StoredTask:
    """A task that waits."""
    return StoredTask(
        id=task_id,
        user=who.user,
        state=TaskState.PENDING,
        turn=turn,
        work=work,
        sha256=recording.sha256,
        md5=recording.md5,
        size_bytes=recording.size_bytes,
        file_name=order.file_name,
        profile=order.profile,
        output_format=order.output_format,
        order=msgspec.json.encode(order),
        created_at=time.time(),
    )


def task_of(row: StoredTask) -> Task:
    """The task as its owner may see it; where it stands in the queue is not known here."""
    return Task(
        id=row.id,
        user=row.user,
        state=TaskState(row.state),
        progress=row.progress,
        order=_order_or_outline(row),
        sha256=row.sha256,
        md5=row.md5,
        size_bytes=row.size_bytes,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        duration=row.duration,
        processing_s=row.processing_s,
        transcript=row.transcript,
        projected=row.projected,
        failure=_failure(row),
        edited=row.edits is not None,
    )


def _order_or_outline(row: StoredTask) -> Order:
    """One row that cannot be read must not hide the others."""
    try:
        return order_of(row)
    except StoreBroken:
        return Order(file_name=row.file_name, profile=row.profile, output_format=row.output_format)


def _failure(row: StoredTask) -> Failure | None:
    if row.error_code is None:
        return None
    kind = ErrorType(row.error_type) if row.error_type else ErrorType.INTERNAL
    return Failure(code=row.error_code, kind=kind, message=row.error_message or "")


def suffix_of(file_name: str) -> str:
    """The kind of a file, as its name says."""
    return PurePath(file_name).suffix.lower()[:12]
