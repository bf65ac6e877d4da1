"""`GET /v1/jobs/{id}/result`: the transcript as a file of any format."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from parley.errors import JobCancelled, ResultNotReady, rebuild
from parley.formats.registry import FORMATS, render
from parley.jobs.task import Task, TaskState
from parley.server.http.asking import Behind, TaskIdPath, Who, problems, read
from parley.server.http.disposition import disposition, renamed
from parley.server.http.problem import Refusal
from parley.server.http.ranges import matches
from parley.server.messages import failure_of
from parley.wire.native.client import OutputFormat
from parley.wire.native.result import JsonResult, TextResult

router = APIRouter(tags=["jobs"])

_TEXT = {"schema": {"type": "string"}}

_ANSWER: dict[str, Any] = {
    "model": JsonResult,
    "description": "The transcript; its type follows the format.",
    "content": {form.media_type: _TEXT for form in FORMATS.values() if form.media_type != "application/json"},
    "headers": {
        "ETag": {"description": "Changes with the content.", "schema": {"type": "string"}},
        "Content-Disposition": {"description": "A name to save it under.", "schema": {"type": "string"}},
    },
}


@read(
    router,
    "/v1/jobs/{task_id}/result",
    summary="Get the transcript",
    response_class=Response,
    responses={
        200: _ANSWER,
        304: {"description": "The client has it already (`If-None-Match`)."},
        **problems(404, 409, 410),
    },
)
async def result(
    request: Request,
    task_id: TaskIdPath,
    who: Who,
    rooms: Behind,
    format: Annotated[OutputFormat | None, Query(description="Default: as ordered.")] = None,
) -> Response:
    """The transcript of a completed job, edits applied, in the format asked for; 409 while there is none."""
    task = await rooms.desk.get(who, task_id)
    require_completed(task)
    found = await rooms.desk.result(who, task_id, format)
    body, tag = await asyncio.to_thread(_written, found)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    form = FORMATS["json" if isinstance(found, JsonResult) else found.format]
    headers["Content-Disposition"] = disposition("attachment", renamed(found.file_name, form.extension))
    headers["Content-Type"] = f"{form.media_type}; charset=utf-8"
    return Response(body, headers=headers)


def require_completed(task: Task) -> None:
    """Raise ResultNotReady, or the reason why there never will be a result, with status 409."""
    if task.state is TaskState.COMPLETED:
        return
    if not task.state.is_over:
        raise ResultNotReady("The job is not over yet; watch its events, or ask again later.")
    if task.state is TaskState.CANCELLED:
        raise JobCancelled("The job was cancelled; it has no result.")
    failure = failure_of(task)
    raise Refusal(rebuild(failure.code, f"The job has no result: {failure.message}"), status=409)


def _written(found: JsonResult | TextResult) -> tuple[bytes, str]:
    text = found.model_dump_json() if isinstance(found, JsonResult) else found.content
    body = text.encode()
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


@read(
    router,
    "/v1/jobs/{task_id}/transcript",
    summary="Get everything that is known",
    response_class=Response,
    responses={
        200: {
            "description": "As docs/formats/transcript.schema.json describes.",
            "content": {"application/json": {}},
        },
        **problems(404, 409, 410),
    },
)
async def transcript(
    task_id: TaskIdPath,
    who: Who,
    rooms: Behind,
    edited: Annotated[bool, Query(description="false: as it was recognised.")] = True,
) -> Response:
    """The whole transcript, edits applied: sentences not merged, counted as `PATCH edits` counts them."""
    require_completed(await rooms.desk.get(who, task_id))
    _, found = await rooms.desk.transcript(who, task_id, edited=edited)
    body = await asyncio.to_thread(render, found, "json")
    return Response(body, media_type="application/json", headers={"Cache-Control": "private, no-cache"})
