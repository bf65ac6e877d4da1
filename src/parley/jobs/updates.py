"""What whoever watches a task is told, in this order: any number of `Moved` and `Told`, one `Over`."""

from __future__ import annotations

from dataclasses import dataclass

from parley.jobs.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How far the task is; repeated at least every ten seconds while it lives. `progress` never falls."""

    progress: float
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Recognised text: `number` counts from 0 in the order told, times are seconds of the recording."""

    number: int
    start: float
    end: float
    text: str
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """The task as it ended; nothing follows."""

    task: Task


Update = Moved | Told | Over
