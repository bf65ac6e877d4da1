"""`/v1/jobs/{id}/edits`: names of speakers and corrected text, for this job only."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from parley.jobs.edits import MOST_CHARACTERS, Edits, tag_of
from parley.server.http.asking import Behind, TaskIdPath, Who, problems, read
from parley.server.http.bodies import media_type, refuse_type, small
from parley.server.http.describing import json_body
from parley.server.http.models import Job, job_of
from parley.server.http.options import checked, json_object
from parley.server.http.problem import Refusal
from parley.server.http.results import require_completed

router = APIRouter(tags=["jobs"])

_MOST_EDITS = 10_000
_MOST_BYTES = 4 * 1024 * 1024

_Text = Annotated[StrictStr, Field(max_length=MOST_CHARACTERS)]
_Index = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,8})$")]


class EditsDocument(BaseModel):
    """What to change; an empty text takes an earlier change back."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"speakers": {"Speaker1": "王芳"}, "texts": {"0": "Good morning."}}},
    )

    speakers: dict[_Text, _Text] = Field(
        default={}, max_length=_MOST_EDITS, description="Names by label: what to call a speaker."
    )
    texts: dict[_Index, _Text] = Field(
        default={},
        max_length=_MOST_EDITS,
        description="Texts by index of the sentence in `transcript`, from 0.",
    )


_TAGGED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "With all edits there are now.",
        "headers": {"ETag": {"description": "For `If-Match`.", "schema": {"type": "string"}}},
    }
}


@read(
    router,
    "/v1/jobs/{task_id}/edits",
    summary="Show the corrections",
    response_model=EditsDocument,
    responses={**_TAGGED, **problems(404, 409, 410)},
)
async def edits(task_id: TaskIdPath, who: Who, rooms: Behind, response: Response) -> EditsDocument:
    """What lies over the transcript; `GET transcript?edited=false` has what lies below."""
    require_completed(await rooms.desk.get(who, task_id))
    found = await rooms.desk.edits(who, task_id)
    response.headers["ETag"] = _quoted(found)
    texts = {str(index): text for index, text in found.texts.items()}
    return EditsDocument.model_construct(speakers=found.speakers, texts=texts)


@router.patch(
    "/v1/jobs/{task_id}/edits",
    summary="Correct a transcript",
    response_model=Job,
    responses={**_TAGGED, **problems(404, 409, 410, 413, 415)},
    openapi_extra=json_body(EditsDocument),
)
async def edit(
    request: Request,
    response: Response,
    task_id: TaskIdPath,
    who: Who,
    rooms: Behind,
    if_match: Annotated[
        str | None,
        Header(
            max_length=100, description="ETag of the edits that were seen: refuse where there are others."
        ),
    ] = None,
) -> Job:
    """Lay names and texts over the transcript of this job; every later export shows them."""
    if media_type(request) != "application/json":
        raise Refusal(refuse_type(request, "application/json"), status=415)
    body = await small(request, _MOST_BYTES, rooms.options.patience_s)
    asked = await asyncio.to_thread(_edits, body)
    task, together = await rooms.desk.edit(who, task_id, asked, expected=_expected(if_match))
    response.headers["ETag"] = _quoted(together)
    return job_of(task)


def _quoted(found: Edits) -> str:
    return f'"{tag_of(found)}"'


def _expected(if_match: str | None) -> str | None:
    """The tag in a header; None where any will do."""
    return None if if_match in (None, "*") else if_match.strip().removeprefix("W/").strip('"')


def _edits(body: bytes) -> Edits:
    document = checked(EditsDocument, json_object(body))
    texts = {int(index): text for index, text in document.texts.items()}
    return Edits(speakers=document.speakers, texts=texts)
