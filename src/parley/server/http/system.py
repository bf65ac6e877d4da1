"""`GET /v1/system`: how the server is, for whoever runs it."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from parley.errors import NoSuchPage
from parley.server.http.asking import Behind, Who, problems, read
from parley.server.http.models import Document
from parley.server.http.profiles import ProfileFacts
from parley.wire.native.message import Timestamp

router = APIRouter(tags=["operations"])


class DeviceFacts(Document):
    """Something that computes, as far as it is known without trying it; `parley devices` tries."""

    name: str = Field(description="`cpu`, `cuda:0`, `mps`.")
    title: str
    cores: int | None = Field(description="Of the processor.")
    memory_mib: int | None = Field(description="Of the machine; null for a card, which is not asked.")
    held_mib: int = Field(description="By engines that are loaded there, about.")
    engines: list[str] = Field(description="What is loaded there now.")


class WorkerFacts(Document):
    """A process that runs models."""

    pool: str
    pid: int | None = Field(description="null until it is started.")
    state: Literal["starting", "idle", "busy", "leaving", "lost"]
    engines: list[str] = Field(description="What it has loaded.")
    devices: list[str] = Field(description="Where.")
    rss_mib: int = Field(description="Resident memory.")


class QueueFacts(Document):
    """Recordings in line."""

    waiting: int
    running: int
    most_waiting: int = Field(description="More are refused with 503.")
    oldest_waiting_s: float
    ended: dict[str, int] = Field(description="Since the start, by state.")


class SessionFacts(Document):
    """What is open now."""

    recordings: int = Field(description="Tasks that are worked on.")
    live: int
    conversations: int
    speaking: int
    connections: int


class RecentError(Document):
    """Something that went wrong, in a sentence without names or content."""

    at: Timestamp = Field(description="The last time.")
    code: str = Field(description="A code of the error tree, or `notice`.")
    message: str
    where: str
    times: int = Field(ge=1, description="How often in a row.")


EXAMPLE: JsonDict = {
    "version": "0.6.0",
    "ready": True,
    "reasons": [],
    "uptime_s": 86400.0,
    "profiles": [],
    "devices": [
        {
            "name": "cuda:0",
            "title": "NVIDIA L4",
            "cores": None,
            "memory_mib": None,
            "held_mib": 4100,
            "engines": ["funasr-paraformer"],
        }
    ],
    "notices": [],
    "workers": [
        {
            "pool": "speech",
            "pid": 4711,
            "state": "busy",
            "engines": ["moonshine-tiny-en", "silero-vad"],
            "devices": ["cpu"],
            "rss_mib": 310,
        }
    ],
    "queue": {
        "waiting": 2,
        "running": 1,
        "most_waiting": 500,
        "oldest_waiting_s": 4.2,
        "ended": {"completed": 17, "failed": 1, "cancelled": 0, "timed_out": 0},
    },
    "sessions": {"recordings": 1, "live": 2, "conversations": 1, "speaking": 0, "connections": 3},
    "figures": {"live_lag_ms": 140.0},
    "recent_errors": [
        {
            "at": "2026-01-01T12:00:00+00:00",
            "code": "undecodable_media",
            "message": "The file holds no audio that can be decoded.",
            "where": "recordings",
            "times": 1,
        }
    ],
}


class System(Document):
    """The server at this moment. Figures are those of the whole house, whoever asks."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"example": EXAMPLE})

    version: str
    ready: bool
    reasons: list[str] = Field(description="Why no work should be sent here.")
    uptime_s: float
    profiles: list[ProfileFacts] = Field(description="As `/v1/profiles` has them.")
    devices: list[DeviceFacts]
    notices: list[str] = Field(description="On devices that were not taken.")
    workers: list[WorkerFacts]
    queue: QueueFacts
    sessions: SessionFacts
    figures: dict[str, float] = Field(description="Further numbers, by name.")
    recent_errors: list[RecentError] = Field(description="The newest first; forgotten with a restart.")


@read(
    router,
    "/v1/system",
    summary="How is the server?",
    response_model=System,
    responses=problems(404),
)
async def system(who: Who, rooms: Behind) -> System:
    """Profiles, devices, workers, queue, sessions and what went wrong lately. Nothing of it is about
    anybody's recordings. 404 where a server does not tell.
    """
    if rooms.system is None:
        raise NoSuchPage("This server does not tell how it is.")
    return System.model_validate(await rooms.system())
