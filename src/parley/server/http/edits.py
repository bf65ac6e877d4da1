"""`PATCH /v1/jobs/{id}/edits`: names of speakers and corrected text, for this job only."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from parley.jobs.edits import MOST_CHARACTERS, Edits
from parley.server.http.asking import Behind, TaskIdPath, Who, problems
from parley.server.http.models import Job, job_of

router = APIRouter(tags=["jobs"])

_MOST_EDITS = 10_000

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
    responses=problems(404, 409, 410, 413),
)
async def edit(task_id: TaskIdPath, edits: EditsDocument, who: Who, rooms: Behind) -> Job:
    """Lay names and texts over the transcript of this job; every later export shows them."""
    texts = {int(index): text for index, text in edits.texts.items()}
    return job_of(await rooms.desk.edit(who, task_id, Edits(speakers=edits.speakers, texts=texts)))
