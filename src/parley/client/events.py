"""What is told while a recording is on its way: some `Reading`, `Uploading` and `Queued`, then
`Progress` and `Segment`, and one `Completed` at the end. A task that fails ends with an exception.
"""

from __future__ import annotations

from dataclasses import dataclass

from parley.client.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The file is being read for its hash; the server knows nothing of it yet."""

    done_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploading:
    """So many bytes are on the server's disk, those of an earlier try included."""

    task_id: str
    sent_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """The task waits. Without `is_admitted` the queue is full; the client asks again after `wait_s`.

    `position` counts from 1; None where nobody knows.
    """

    task_id: str
    position: int | None = None
    wait_s: float | None = None
    is_admitted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`percent` of the speech is done; it never falls."""

    task_id: str
    percent: float
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Recognised text, told once; its speaker is not known yet, and punctuation may change unless `final`.

    `index` counts from 0 in the order told, `start` and `end` are seconds of the recording.
    """

    task_id: str
    index: int
    start: float
    end: float
    text: str
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The end; `was_known` means that the server had the result before anything was sent."""

    task_id: str
    result: Result
    was_known: bool = False


Event = Reading | Uploading | Queued | Progress | Segment | Completed
