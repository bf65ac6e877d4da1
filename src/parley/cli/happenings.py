"""What a server tells of a task, on the same displays as the work of this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from parley.batch.events import Heard
from parley.batch.options import Outcome
from parley.cli.display import Display, Shown, Step
from parley.client import Completed, Event, Progress, Queued, Reading, Segment, Uploading
from parley.speech.transcript import Segment as Spoken
from parley.speech.transcript import Transcript


async def show_all(
    events: AsyncIterator[Event], display: Display, hear: Callable[[Event], None]
) -> Completed:
    """Show everything until the end, which is given back; `hear` is told everything too."""
    async for event in events:
        hear(event)
        if isinstance(event, Completed):
            return event
        display.publish(shown(event))
    raise AssertionError("a task ends with its result or an exception")


def shown(event: Reading | Uploading | Queued | Progress | Segment) -> Shown:
    """The event as displays know it."""
    match event:
        case Reading():
            return Step(
                stage="read",
                label="reading",
                done=event.done_bytes,
                total=event.total_bytes,
                unit="bytes",
            )
        case Uploading():
            return Step(
                stage="upload",
                label="uploading",
                done=event.sent_bytes,
                total=event.total_bytes,
                unit="bytes",
            )
        case Queued():
            return Step(stage="queue", label="waiting", note=_place(event))
        case Progress():
            return Step(
                stage="transcribe", label="transcribing", done=event.percent, total=100.0, note=event.message
            )
        case Segment():
            return Heard(Spoken(start=event.start, end=event.end, text=event.text))


def outcome_of(completed: Completed, *, was_known: bool | None = None) -> Outcome:
    """What a display says at the end, as far as the result tells; `was_known` overrides the event's."""
    result = completed.result
    transcript = Transcript(
        duration=result.duration,
        segments=result.segments,
        speakers=result.speakers,
        language=result.language,
        profile=result.engine,
        warnings=result.warnings,
    )
    return Outcome(transcript=transcript, cached=completed.was_known if was_known is None else was_known)


def _place(queued: Queued) -> str:
    if not queued.is_admitted:
        return f"the queue is full; asking again in {queued.wait_s or 0:.0f} s"
    if queued.position is None:
        return "in the queue"
    return f"place {queued.position} in the queue, about {queued.wait_s or 0:.0f} s"
