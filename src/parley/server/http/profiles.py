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


# Of a profile that is ready the reason is null, which would be left out of the description.
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
            ],
        },
        {
            "name": "sensevoice",
            "default": False,
            "state": "not_installed",
            "reason": "It is not installed; run: parley pull sensevoice",
            "languages": ["en", "ja", "ko", "yue", "zh"],
            "capabilities": ["language", "words"],
            "public_names": ["sensevoice", "SenseVoiceSmall"],
            "engines": [{"role": "asr", "name": "sherpa-sensevoice", "devices": []}],
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
