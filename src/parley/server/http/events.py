"""`GET /v1/jobs/{id}/events`: a job watched by server-sent events."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from parley.errors import AuthFailed, InvalidOption, TooManySessions
from parley.jobs.principal import Principal
from parley.server.http.asking import Behind, TaskIdPath, Who, problems, read
from parley.server.http.event_stream import END, events_of
from parley.server.http.patient_stream import PatientStream
from parley.server.identity import token_of
from parley.server.messages import follow
from parley.server.rooms import Rooms
from parley.server.validity import REVOKED, Validity
from parley.wire.native.message import Data
from parley.wire.native.server import Error

router = APIRouter(tags=["jobs"])

_EXAMPLE = (
    "event: task_progress\n"
    'data: {"type": "task_progress", "data": {"task_id": "0b3c", "progress": 42.0, "status": "processing", '
    '"message": "Recognising", "error_type": null, "timestamp": "2026-01-01T12:00:00+00:00"}, '
    '"timestamp": "2026-01-01T12:00:00+00:00"}\n\n'
)

_EVENT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "event": {"type": "string", "description": "The type of the message."},
        "data": {"type": "string", "description": "The message as JSON: `type`, `data`, `timestamp`."},
        "id": {"type": "string", "pattern": "^([0-9]+|end)$"},
    },
}

_ANSWER: dict[str, Any] = {
    "description": (
        "`task_progress`, `task_segment` and one of `task_complete`, `error`, `task_cancelled` at the end, "
        "each as it is over WebSocket: `event` is its type, `data` the whole message. A segment has its "
        "number as `id`, the terminal message has `end`. Lines with a colon only say that the line lives."
    ),
    "content": {"text/event-stream": {"schema": _EVENT, "example": _EXAMPLE}},
}


@read(
    router,
    "/v1/jobs/{task_id}/events",
    summary="Watch a job",
    response_class=Response,
    responses={
        200: _ANSWER,
        204: {"description": "The terminal message was received before; nothing follows."},
        **problems(404, 410),
    },
)
async def events(
    request: Request,
    task_id: TaskIdPath,
    who: Who,
    rooms: Behind,
    from_segment: Annotated[int, Query(ge=0, description="Number of the first segment to send.")] = 0,
    last_event_id: Annotated[
        str | None, Header(max_length=20, description="The last `id` received: go on behind it.")
    ] = None,
) -> Response:
    """The job's messages from its present state to its end; then the stream closes."""
    if last_event_id == END:
        return Response(status_code=204)
    await rooms.desk.get(who, task_id)
    first = from_segment if not last_event_id else _following(last_event_id)
    return _stream(request, rooms, who, task_id, first)


def _following(last_event_id: str) -> int:
    if not (last_event_id.isascii() and last_event_id.isdigit()):
        raise InvalidOption("'Last-Event-ID' is a number that this stream gave, or 'end'.")
    return int(last_event_id) + 1


def _stream(request: Request, rooms: Rooms, who: Principal, task_id: str, first: int) -> Response:
    open_streams: set[object] = request.app.state.event_streams
    if len(open_streams) >= rooms.options.max_event_streams:
        raise TooManySessions("Too many event streams are open; try again later.")
    ticket = object()
    open_streams.add(ticket)
    validity = Validity(rooms.authority, token_of(request)[0])
    messages = _while_valid(follow(rooms.desk, who, task_id, first), validity)
    return PatientStream(
        events_of(messages, rooms.options.heartbeat_s),
        rooms.options.patience_s,
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        closing=lambda: open_streams.discard(ticket),
    )


async def _while_valid(
    messages: AsyncGenerator[Data, None], validity: Validity
) -> AsyncGenerator[Data, None]:
    async with aclosing(messages):
        async for message in messages:
            if not await validity.holds():
                yield Error(error=AuthFailed.code, message=REVOKED)
                return
            yield message
