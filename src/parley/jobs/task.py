"""The nouns of the queue: what was ordered, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from parley.batch.wish import Wish


class Priority(StrEnum):
    """Who goes first; within one priority users take turns."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class TaskState(StrEnum):
    """How a task stands; the last four are for good."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self not in (TaskState.PENDING, TaskState.PROCESSING)


class ErrorType(StrEnum):
    """What kind of thing went wrong, in the words clients of the first generation know."""

    AUDIO = "audio_error"
    MODEL = "model_error"
    WORKER = "worker_error"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    INTERNAL = "internal_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a task is asked for, frozen when it is admitted.

    `profile` is a name, `wish.use_cache` False is `force_refresh`, `wish.speakers` None is
    `diarize: false`. `segments` says whether the one who asked wants text as it is recognised.
    """

    file_name: str
    profile: str
    wish: Wish = field(default_factory=Wish)
    output_format: str = "json"
    segments: bool = False
    priority: Priority = Priority.NORMAL
    callback_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a task is not completed: a code of the error tree, its kind, and a sentence for the user."""

    code: str
    kind: ErrorType
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task as its owner may see it.

    Times of day are seconds since the epoch. `progress` is 0 to 100 and never falls. `queue_position`
    counts from 1, it and `estimated_wait_s` are None unless the task waits. `duration` is seconds
    of the recording, `processing_s` what recognising took, both known at the end.
    """

    id: str
    user: str
    state: TaskState
    progress: float
    order: Order
    sha256: str
    md5: str
    size_bytes: int
    created_at: float
    started_at: float | None = None
    finished_at: float | None = None
    duration: float | None = None
    processing_s: float = 0.0
    transcript: str | None = None
    projected: bool = False
    failure: Failure | None = None
    queue_position: int | None = None
    estimated_wait_s: float | None = None
    has_media: bool = False
    edited: bool = False
