"""What this server can recognise with, and how that is."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from parley.server.http.asking import Behind, Who, problems, read
from parley.server.http.models import Document

router = APIRouter(tags=["operations"])


class ProfileEngine(Document):
    """An engine of a profile."""

    role: str
    name: str
    devices: list[str] = Field(description="Where it is loaded now; empty while it is not.")


class ProfileFacts(Document):
    """A profile, and whether it can be used."""

    name: str
    default: bool
    state: Literal["ready", "broken", "not_installed"]
    reason: str | None = Field(description="Why it is not ready.")
    languages: list[str] | None = Field(description="ISO 639-1 codes; null means any.")
    capabilities: list[str]
    public_names: list[str] = Field(description="Names that other servers' clients use for it.")
    engines: list[ProfileEngine]
    streaming: str | None = Field(
        description="The engine that hears live speech as it comes. null: there is none, or it is not "
        "installed; then what was said so far is recognised again and again."
    )


# Of a profile that is ready the reason is null, and so is `streaming` of one that does not stream: nulls
# would be left out of the description.
_EXAMPLE: JsonDict = {
    "profiles": [
        {
            "name": "paraformer-zh",
            "default": True,
            "state": "broken",
            "reason": "The engine 'funasr-paraformer' could not be loaded, which is tried again later: "
            "A worker was ended by SIGSEGV.",
            "languages": ["zh"],
            "capabilities": ["hotwords", "words"],
            "public_names": ["paraformer-zh"],
            "engines": [
                {"role": "vad", "name": "funasr-fsmn-vad", "devices": ["cpu"]},
                {"role": "asr", "name": "funasr-paraformer", "devices": []},
                {"role": "turn", "name": "silence", "devices": []},
            ],
            "streaming": "funasr-paraformer-streaming",
        },
        {
            "name": "paraformer-onnx",
            "default": False,
            "state": "not_installed",
            "reason": "It is not installed; run: parley pull paraformer-onnx",
            "languages": ["zh"],
            "capabilities": ["words"],
            "public_names": ["paraformer-onnx"],
            "engines": [{"role": "asr", "name": "sherpa-paraformer", "devices": []}],
            "streaming": "sherpa-paraformer-streaming",
        },
    ]
}


class ProfileList(Document):
    """All profiles, by name."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"example": _EXAMPLE})

    profiles: list[ProfileFacts]


@read(router, "/v1/profiles", summary="List profiles", response_model=ProfileList, responses=problems())
async def profiles(who: Who, rooms: Behind) -> ProfileList:
    """What a job's `engine` may name. A broken profile is tried again; the others serve meanwhile."""
    return ProfileList(profiles=[ProfileFacts.model_validate(each) for each in rooms.profiles()])
