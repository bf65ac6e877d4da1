"""The answer to bytes that were handed in, by whichever door they came."""

from __future__ import annotations

from fastapi import Response
from fastapi.responses import JSONResponse

from parley.errors import QueueIsFull
from parley.jobs.principal import Principal
from parley.jobs.upload import Acknowledgement, Answered, Full
from parley.server.http.models import job_of
from parley.server.http.problem import Refusal
from parley.server.rooms import Rooms


async def answer(rooms: Rooms, who: Principal, acknowledgement: Acknowledgement) -> Response:
    """202 and the job, 200 where it is over already; raises Refusal when the queue is full."""
    if isinstance(acknowledgement, Full):
        raise refused(acknowledgement)
    task = await rooms.desk.get(who, acknowledgement.task_id)
    status = 200 if isinstance(acknowledgement, Answered) else 202
    return JSONResponse(
        job_of(task).model_dump(mode="json"), status, headers={"Location": f"/v1/jobs/{task.id}"}
    )


def refused(full: Full) -> Refusal:
    """Nothing more is admitted for now, but the bytes are kept."""
    error = QueueIsFull(
        f"The queue is full (队列已满): {full.waiting} of at most {full.most_waiting} tasks wait. The "
        f"recording is kept; in {full.retry_after_s} s try again: POST /v1/jobs/{full.task_id}/finalize."
    )
    headers = {"Retry-After": str(full.retry_after_s), "Parley-Job": full.task_id}
    return Refusal(error, headers=headers, task_id=full.task_id)
