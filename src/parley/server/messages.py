"""A task watched, as the messages of the native protocol (section 7)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

from parley.jobs.principal import Principal
from parley.jobs.task import ErrorType, Failure, Task, TaskState
from parley.jobs.updates import Moved, Over, Told
from parley.server.rooms import Tasks
from parley.wire.native.message import Data, now
from parley.wire.native.server import Error, TaskCancelled, TaskComplete, TaskProgress, TaskSegment

if TYPE_CHECKING:
    from parley.jobs.updates import Update


async def follow(
    tasks: Tasks, who: Principal, task_id: str, from_segment: int | None
) -> AsyncGenerator[Data, None]:
    """Progress, recognised text where `from_segment` is a number, and the messages of its end."""
    updates = cast("AsyncGenerator[Update, None]", tasks.watch(who, task_id, from_segment=from_segment))
    async with aclosing(updates):
        async for update in updates:
            match update:
                case Moved():
                    yield progress_of(task_id, update)
                case Told():
                    yield segment_of(task_id, update)
                case Over():
                    for message in await ending_of(tasks, who, update.task):
                        yield message


def progress_of(task_id: str, moved: Moved) -> TaskProgress:
    """How far the task is."""
    return TaskProgress(task_id=task_id, progress=moved.progress, message=moved.message, timestamp=now())


def segment_of(task_id: str, told: Told) -> TaskSegment:
    """A piece of recognised text."""
    return TaskSegment(
        task_id=task_id, index=told.number, start=told.start, end=told.end, text=told.text, final=told.final
    )


async def ending_of(tasks: Tasks, who: Principal, task: Task) -> list[Data]:
    """How a task that is over ended; the last message is the terminal one."""
    if task.state is TaskState.COMPLETED:
        result = await tasks.result(who, task.id)
        return [TaskComplete(task_id=task.id, result=result, timestamp=now())]
    if task.state is TaskState.CANCELLED:
        return [TaskCancelled(task_id=task.id, message="The task was cancelled.")]
    failure = failure_of(task)
    failed = TaskProgress(
        task_id=task.id,
        progress=task.progress,
        status="failed",
        message=failure.message,
        error_type=failure.kind.value,
        timestamp=now(),
    )
    details = {"error_type": failure.kind.value}
    return [failed, Error(error=failure.code, message=failure.message, details=details, task_id=task.id)]


def failure_of(task: Task) -> Failure:
    """Why a task is not completed, also where nobody wrote it down."""
    if task.failure is not None:
        return task.failure
    kind = ErrorType.TIMEOUT if task.state is TaskState.TIMED_OUT else ErrorType.INTERNAL
    return Failure(code="job_failed", kind=kind, message="The task could not be finished.")
