"""`GET /v1/jobs/{id}/media`: the recording, whole or in part."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from parley.errors import FileNotFound
from parley.server.http.asking import Behind, TaskIdPath, Who, problems, read
from parley.server.http.kinds import UNKNOWN
from parley.server.http.stored_file import Asked, answer, open_recording

router = APIRouter(tags=["jobs"])

_BYTES: dict[str, Any] = {
    kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("audio/*", "video/*", UNKNOWN)
}


@read(
    router,
    "/v1/jobs/{task_id}/media",
    summary="Get the recording",
    response_class=Response,
    responses={
        200: {"description": "All of it.", "content": _BYTES},
        206: {"description": "The range asked for.", "content": _BYTES},
        304: {"description": "The client has it already (`If-None-Match`)."},
        **problems(404, 410, 416),
    },
)
async def media(
    request: Request,
    task_id: TaskIdPath,
    who: Who,
    rooms: Behind,
    range: Annotated[str | None, Header(description="`bytes=0-1023`; one range at a time.")] = None,
    if_range: Annotated[str | None, Header(description="The ETag that the range belongs to.")] = None,
    if_none_match: Annotated[str | None, Header(description="ETags that the client has.")] = None,
) -> Response:
    """The recording as it was sent or, when that is gone, its compact copy (Opus in Ogg), which has another
    ETag. Its type follows from its bytes.
    """
    try:
        path, name = await rooms.desk.recording_path(who, task_id)
        found = await open_recording(path, name)
    except FileNotFound:
        # A compact copy may have taken the place of the recording between the two.
        path, name = await rooms.desk.recording_path(who, task_id)
        found = await open_recording(path, name)
    asked = Asked(range=range, if_range=if_range, if_none_match=if_none_match)
    return answer(found, name, asked, rooms.options.patience_s)
