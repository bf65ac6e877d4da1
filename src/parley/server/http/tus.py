"""Resumable uploads by tus 1.0.0 under `/v1/uploads`; an upload has the id of the job it becomes."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response

from parley.errors import (
    ChunkHashMismatch,
    FileTooLarge,
    MethodNotAllowed,
    OffsetConflict,
    SessionNotFound,
    TaskNotFound,
)
from parley.jobs.principal import Principal
from parley.jobs.upload import Full, UploadPlan, UploadState
from parley.server.http import options, tus_words
from parley.server.http.admission import refused
from parley.server.http.asking import Behind, TaskIdPath, Who, problems
from parley.server.http.bodies import announced_bytes, bounded, media_type, refuse_type, steady
from parley.server.http.problem import Refusal
from parley.server.http.turns import Turns
from parley.server.http.tus_description import ANSWERED, CREATE, CREATED, HERE, LOOK, OVERRIDE, SEND, STANDS
from parley.server.http.tus_words import CHECKSUM_MISMATCH, CONTENT_TYPE, Checksum
from parley.server.rooms import Rooms

router = APIRouter(tags=["uploads"])

_MOST_CHECKED_BYTES = 8 * 1024 * 1024
"""Bytes with a checksum are held in memory until it was looked at."""


@router.options("/v1/uploads/{task_id}", status_code=204, include_in_schema=False)
@router.options("/v1/uploads", status_code=204, summary="Ask what is supported", responses=ANSWERED)
async def ask(rooms: Behind) -> Response:
    """Versions, extensions and limits, in headers."""
    return Response(status_code=204, headers=tus_words.announced(rooms.options.max_file_bytes))


@router.post(
    "/v1/uploads",
    status_code=201,
    summary="Begin an upload",
    response_class=Response,
    responses={**CREATED, **problems(404, 409, 412, 413, 415, 460, 507)},
    openapi_extra=CREATE,
)
async def create(request: Request, who: Who, rooms: Behind) -> Response:
    """Announce a recording, with its first bytes where the client likes.

    Options of the job stand in `Upload-Metadata`. Refusals that are about the recording or the
    options come now, before any bytes.
    """
    tus_words.require_version(request)
    has_bytes = _has_bytes(request)
    opened = await rooms.reception.open(who, await _plan(request, rooms))
    location = {"Location": f"/v1/uploads/{opened.task_id}"}
    state = await rooms.reception.state(who, opened.task_id)
    try:
        if has_bytes:
            state = await _write(request, rooms, who, state)
        headers = await _headers(rooms, who, state)
    except Refusal as refusal:
        refusal.headers |= location
        raise
    return Response(status_code=201, headers={**headers, **location})


def _has_bytes(request: Request) -> bool:
    comes = any(name in request.headers for name in ("content-length", "transfer-encoding"))
    if not comes or announced_bytes(request) == 0:
        return False
    _require_type(request)
    return True


async def _plan(request: Request, rooms: Rooms) -> UploadPlan:
    size = tus_words.length_of(request)
    found = tus_words.metadata(request)
    name = found.pop("filename", "") or found.pop("name", "")
    given = options.from_texts([("file_name", name), *found.items()])
    order = await options.agreed(rooms, given, given.file_name or "")
    return UploadPlan(order=order, door="tus", size_bytes=size, declared_hash=given.file_hash.lower())


@router.head(
    "/v1/uploads/{task_id}",
    summary="Ask how far an upload is",
    response_class=Response,
    responses={200: STANDS, **problems(404, 412)},
    openapi_extra=LOOK,
)
async def look(request: Request, task_id: TaskIdPath, who: Who, rooms: Behind) -> Response:
    """Where to go on. An upload that waits to be admitted is tried again: clients that see all bytes
    arrived come back with nothing else.
    """
    tus_words.require_version(request)
    try:
        state = await _state(rooms, who, task_id)
    except SessionNotFound:
        return Response(headers=await _headers_of_job(rooms, who, task_id))
    headers = await _headers(rooms, who, state)
    return Response(headers={**headers, "Upload-Length": str(state.size_bytes)})


@router.patch(
    "/v1/uploads/{task_id}",
    status_code=204,
    summary="Send bytes",
    response_class=Response,
    responses={204: HERE, **problems(404, 409, 412, 413, 415, 460, 507)},
    openapi_extra=SEND,
)
async def send(request: Request, task_id: TaskIdPath, who: Who, rooms: Behind) -> Response:
    """Bytes from `Upload-Offset` on; what arrived stays when the line breaks.

    With the last byte the job is admitted: the answer names it in `Parley-Job`. After 503 a request
    without bytes tries again.
    """
    tus_words.require_version(request)
    _require_type(request)
    offset = tus_words.number(request, "Upload-Offset")
    try:
        state = await _state(rooms, who, task_id)
    except SessionNotFound:
        headers = await _headers_of_job(rooms, who, task_id)
        if str(offset) != headers["Upload-Offset"]:
            raise
        return Response(status_code=204, headers=headers)
    state = await _write(request, rooms, who, state, offset)
    return Response(status_code=204, headers=await _headers(rooms, who, state))


@router.delete(
    "/v1/uploads/{task_id}",
    status_code=204,
    summary="Drop an upload",
    response_class=Response,
    responses={204: {"description": "It is gone."}, **problems(404, 409, 412)},
    openapi_extra=LOOK,
)
async def drop(request: Request, task_id: TaskIdPath, who: Who, rooms: Behind) -> Response:
    """Forget the upload and its bytes; for one that is a job already there is `DELETE /v1/jobs`."""
    tus_words.require_version(request)
    await _state(rooms, who, task_id)
    async with _turns(request).take(task_id):
        if not await rooms.reception.abandon(who, task_id):
            raise SessionNotFound("There is no such upload; it is a job already, or gone.")
    return Response(status_code=204)


@router.post(
    "/v1/uploads/{task_id}",
    status_code=204,
    summary="Send bytes, where PATCH cannot",
    response_class=Response,
    responses={200: STANDS, 204: HERE, **problems(404, 405, 409, 412, 413, 415, 460, 507)},
    openapi_extra=OVERRIDE,
)
async def override(request: Request, task_id: TaskIdPath, who: Who, rooms: Behind) -> Response:
    """HEAD, PATCH or DELETE, as `X-HTTP-Method-Override` says: some proxies let nothing else through."""
    meant = {"HEAD": look, "PATCH": send, "DELETE": drop}.get(
        request.headers.get("x-http-method-override", "").upper()
    )
    if meant is None:
        raise MethodNotAllowed("POST needs 'X-HTTP-Method-Override' here; send PATCH, HEAD or DELETE.")
    return await meant(request, task_id, who, rooms)


def _turns(request: Request) -> Turns:
    return request.app.state.turns


def _require_type(request: Request) -> None:
    if media_type(request) != CONTENT_TYPE:
        raise Refusal(refuse_type(request, CONTENT_TYPE), status=415)


async def _state(rooms: Rooms, who: Principal, task_id: str) -> UploadState:
    state = await rooms.reception.state(who, task_id)
    if state.door != "tus":
        raise SessionNotFound("There is no such tus upload; this one was begun otherwise.")
    return state


async def _write(
    request: Request, rooms: Rooms, who: Principal, state: UploadState, offset: int = 0
) -> UploadState:
    """Add the body of the request. Only an upload that `who` may see is taken from its writer."""
    asked = tus_words.checksum(request)
    async with _turns(request).take(state.task_id) as turn:
        state = await _state(rooms, who, state.task_id)
        if offset != state.offset_bytes:
            raise OffsetConflict(f"The upload stands at {state.offset_bytes}, not at {offset}.")
        left = state.size_bytes - offset
        if (announced_bytes(request) or 0) > left:
            raise FileTooLarge(f"Only {left} bytes are missing; the body has more.")
        body = bounded(steady(request.stream(), rooms.options.patience_s), left)
        if asked is not None:
            body = _checked(body, asked)
        return await rooms.reception.append(who, state.task_id, offset, turn.through(body))


async def _checked(body: AsyncIterator[bytes], asked: Checksum) -> AsyncIterator[bytes]:
    """The whole body, once its checksum was found right."""
    data = b"".join([piece async for piece in bounded(body, _MOST_CHECKED_BYTES)])
    if not asked.agrees(data):
        error = ChunkHashMismatch("The bytes do not have the checksum beside them; send them again.")
        raise Refusal(error, status=CHECKSUM_MISMATCH)
    yield data


async def _headers(rooms: Rooms, who: Principal, state: UploadState) -> dict[str, str]:
    """How the upload stands; when all bytes are there, the job that it became."""
    headers = {"Upload-Offset": str(state.offset_bytes), **tus_words.expiry(state.expires_at)}
    if state.is_whole:
        acknowledgement = await rooms.reception.finish(who, state.task_id)
        if isinstance(acknowledgement, Full):
            refusal = refused(acknowledgement)
            refusal.headers |= headers
            raise refusal
        headers["Parley-Job"] = state.task_id
    return headers


async def _headers_of_job(rooms: Rooms, who: Principal, task_id: str) -> dict[str, str]:
    """The same for an upload that is a job already; raises SessionNotFound when it never was."""
    try:
        task = await rooms.desk.get(who, task_id)
    except TaskNotFound:
        raise SessionNotFound("There is no such upload; it expired, or never was.") from None
    size = str(task.size_bytes)
    return {"Upload-Offset": size, "Upload-Length": size, "Parley-Job": task_id}
