"""`POST /v1/jobs`: a recording in a form, or the address of one."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response

from parley.errors import FileTooLarge, TooManySessions, UrlRefused
from parley.jobs.principal import Principal
from parley.jobs.upload import Acknowledgement, UploadPlan
from parley.server.http import admission, options
from parley.server.http.asking import Behind, TaskIdPath, Who, problems
from parley.server.http.bodies import announced_bytes, bounded, media_type, refuse_type, small, steady
from parley.server.http.describing import form_schema, reference
from parley.server.http.fetching import FetchOptions, fetch
from parley.server.http.models import Job
from parley.server.http.multipart import FILE, MOST_FIELD_BYTES, Form
from parley.server.http.patient_stream import unless_gone
from parley.server.http.problem import Refusal
from parley.server.rooms import Rooms

router = APIRouter(tags=["jobs"])

_MOST_JSON_BYTES = 1024 * 1024

_FORM = "multipart/form-data"
_JSON = "application/json"

_LOCATION = {"Location": {"description": "Where the job is.", "schema": {"type": "string"}}}

_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "model": Job,
        "description": "The content was known; the job is over already.",
        "headers": _LOCATION,
    },
    202: {"model": Job, "description": "The job was admitted.", "headers": _LOCATION},
}


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            _FORM: {"schema": form_schema(options.FormOptions, FILE)},
            _JSON: {
                "schema": reference(options.UrlOptions),
                "example": {"url": "https://example.com/talk.mp3"},
            },
        },
    }
}


@router.post(
    "/v1/jobs",
    status_code=202,
    summary="Hand in a recording",
    responses={**_ANSWERS, **problems(404, 409, 413, 415, 507)},
    openapi_extra=_BODY,
)
async def submit(request: Request, who: Who, rooms: Behind) -> Response:
    """A form with the part `file` and options beside it, or, where the server allows it, JSON with `url`.

    The recording is stored as it arrives. Options before the file are checked before it is read,
    those behind it afterwards. On 503 it is kept: `POST /v1/jobs/{task_id}/finalize`
    tries again without sending it twice.
    """
    match media_type(request):
        case "multipart/form-data":
            acknowledgement = await _from_form(request, who, rooms)
        case "application/json":
            acknowledgement = await _from_address(request, who, rooms)
        case _:
            raise Refusal(refuse_type(request, f"{_FORM} or {_JSON}"), status=415)
    return await admission.answer(rooms, who, acknowledgement)


async def _from_form(request: Request, who: Principal, rooms: Rooms) -> Acknowledgement:
    most = rooms.options.max_file_bytes + MOST_FIELD_BYTES
    if (announced_bytes(request) or 0) > most:
        raise FileTooLarge(f"The file is larger than the {rooms.options.max_file_bytes} bytes allowed here.")
    body = bounded(steady(request.stream(), rooms.options.patience_s), most)
    form = Form(request.headers["content-type"], body)
    await form.begin()
    told = len(form.fields)
    plan = await _plan(form, rooms)

    async def settle() -> UploadPlan:
        """Options may stand behind the file too, where curl puts them as readily."""
        return plan if len(form.fields) == told else await _plan(form, rooms)

    return await rooms.reception.receive(who, plan, form.content(), settle)


async def _plan(form: Form, rooms: Rooms) -> UploadPlan:
    given = options.from_texts(form.fields)
    order = await options.agreed(rooms, given, given.file_name or form.file_name)
    return UploadPlan(order=order, door="http", size_bytes=None, declared_hash=given.file_hash.lower())


async def _from_address(request: Request, who: Principal, rooms: Rooms) -> Acknowledgement:
    if not rooms.options.allow_urls:
        raise UrlRefused("This server fetches no addresses; send the recording itself as a form.")
    body = await small(request, _MOST_JSON_BYTES, rooms.options.patience_s)
    asked = options.checked(options.UrlOptions, options.json_object(body))
    places: asyncio.Semaphore = request.app.state.fetches
    if places.locked():
        raise TooManySessions("Too many recordings are being fetched; try again later.")
    async with places:
        return await unless_gone(request, _fetched(rooms, who, asked))


async def _fetched(rooms: Rooms, who: Principal, asked: options.UrlOptions) -> Acknowledgement:
    bounds = FetchOptions(
        most_bytes=rooms.options.max_file_bytes,
        timeout_s=rooms.options.url_timeout_s,
        patience_s=rooms.options.patience_s,
        allow_private=rooms.options.allow_private_urls,
    )
    async with fetch(asked.url, bounds) as found:
        order = await options.agreed(rooms, asked, asked.file_name or found.name)
        plan = UploadPlan(order=order, door="http", size_bytes=found.size, declared_hash="")
        return await rooms.reception.receive(who, plan, found.pieces)


@router.post(
    "/v1/jobs/{task_id}/finalize",
    status_code=202,
    summary="Try again after 503",
    responses={**_ANSWERS, **problems(404, 409, 410, 507)},
)
async def finalize(task_id: TaskIdPath, who: Who, rooms: Behind) -> Response:
    """Ask to be admitted once more with a recording that is here already; harmless when it was admitted."""
    return await admission.answer(rooms, who, await rooms.reception.finish(who, task_id))
