"""What happened, as outsiders may know it: never a word of a transcript, never a path."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Literal
from uuid import uuid4

EventKind = Literal["server_started", "server_stopped", "task_completed", "task_failed", "task_cancelled"]

_FOLDERS = re.compile(r".*[/\\]", re.DOTALL)
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """A task that is over. `duration` is seconds of the recording, `processing_s` what the work took."""

    task_id: str
    file_name: str
    state: str
    duration: float | None = None
    processing_s: float = 0.0
    error_code: str | None = None
    error_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something to tell. The id stays the same for every target and every try."""

    kind: EventKind
    id: str = field(default_factory=lambda: str(uuid4()))
    at: float = field(default_factory=time.time)
    task: TaskFacts | None = None


def display_name(file_name: str) -> str:
    """A file's name without folders and without characters that steer what shows them."""
    return _CONTROLS.sub("", _FOLDERS.sub("", file_name))[:_LONGEST_NAME] or "recording"
