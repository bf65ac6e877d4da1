"""Jobs: list them, look at one, stop one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from parley.errors import TaskNotFound
from parley.jobs.task import TaskState
from parley.server.http.asking import Behind, TaskIdPath, Who, problems, read
from parley.server.http.models import Job, JobList, job_of
from parley.wire.native.client import TaskStatusName

router = APIRouter(tags=["jobs"])


@read(router, "/v1/jobs", summary="List jobs", response_model=JobList, responses=problems())
async def jobs(
    who: Who,
    rooms: Behind,
    limit: Annotated[int, Query(ge=1, le=200, description="Most items.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=200, description="`next_cursor` of the last page.")
    ] = None,
    status: Annotated[TaskStatusName | None, Query(description="Only jobs that stand so.")] = None,
) -> JobList:
    """The user's jobs, the newest first."""
    state = None if status is None else TaskState(status)
    tasks, following = await rooms.desk.list(who, limit=limit, cursor=cursor, state=state)
    return JobList(items=[job_of(task) for task in tasks], next_cursor=following)


@read(router, "/v1/jobs/{task_id}", summary="Show a job", response_model=Job, responses=problems(404, 410))
async def job(task_id: TaskIdPath, who: Who, rooms: Behind) -> Job:
    """How the job stands."""
    return job_of(await rooms.desk.get(who, task_id))


@router.delete(
    "/v1/jobs/{task_id}",
    summary="Cancel a job",
    response_model=Job,
    responses={204: {"description": "It was an upload that was no job yet."}, **problems(404, 409, 410)},
)
async def cancel(task_id: TaskIdPath, who: Who, rooms: Behind) -> Response | Job:
    """Stop the job for good; a recording that waits to be admitted is dropped."""
    try:
        return job_of(await rooms.desk.cancel(who, task_id))
    except TaskNotFound:
        if not await rooms.reception.abandon(who, task_id):
            raise
        return Response(status_code=204)
