"""`PATCH /v1/jobs/{id}/edits`: names of speakers and corrected text, for this job only."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from parley.jobs.edits import MOST_CHARACTERS, Edits
from parley.server.http.asking import Behind, TaskIdPath, Who, problems
from parley.server.http.bodies import media_type, refuse_type, small
from parley.server.http.describing import json_body
from parley.server.http.models import Job, job_of
from parley.server.http.options import checked, json_object
from parley.server.http.problem import Refusal

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


@router.patch(
    "/v1/jobs/{task_id}/edits",
    summary="Correct a transcript",
    response_model=Job,
    responses=problems(404, 409, 410, 413, 415),
    openapi_extra=json_body(EditsDocument),
)
async def edit(request: Request, task_id: TaskIdPath, who: Who, rooms: Behind) -> Job:
    """Lay names and texts over the transcript of this job; every later export shows them."""
    if media_type(request) != "application/json":
        raise Refusal(refuse_type(request, "application/json"), status=415)
    body = await small(request, _MOST_BYTES, rooms.options.patience_s)
    return job_of(await rooms.desk.edit(who, task_id, await asyncio.to_thread(_edits, body)))


def _edits(body: bytes) -> Edits:
    document = checked(EditsDocument, json_object(body))
    texts = {int(index): text for index, text in document.texts.items()}
    return Edits(speakers=document.speakers, texts=texts)
