"""A finished task's result, as nouns of the trade."""

from __future__ import annotations

from dataclasses import dataclass

from parley.speech.transcript import Segment, Word
from parley.wire.native.result import JsonResult, ResultSegment, TextResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was said. `content` is the result in the format that was asked for, as text.

    Segments are consecutive sentences of one speaker; they and `speakers` are empty unless
    `format` is json. `duration` is seconds of the recording, `engine` the profile that was used.
    """

    task_id: str
    file_name: str
    format: str
    content: str
    duration: float
    segments: tuple[Segment, ...] = ()
    speakers: tuple[str, ...] = ()
    engine: str = ""
    language: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The segments' texts, one per line; for another format than json its content."""
        if self.format != "json":
            return self.content
        return "\n".join(segment.text for segment in self.segments)


def result_of(task_id: str, received: JsonResult | TextResult) -> Result:
    """What came over the wire."""
    is_json = isinstance(received, JsonResult)
    content = received.model_dump_json(indent=2) + "\n" if is_json else received.content
    return Result(
        task_id=task_id,
        file_name=received.file_name,
        format="json" if is_json else received.format,
        content=content,
        duration=received.duration,
        segments=tuple(map(_segment, received.segments)) if is_json else (),
        speakers=tuple(received.speakers) if is_json else (),
        engine=received.metadata.engine,
        language=received.metadata.language,
        warnings=tuple(received.metadata.warnings),
    )


def _segment(received: ResultSegment) -> Segment:
    words = received.words
    return Segment(
        start=received.start_time,
        end=received.end_time,
        text=received.text,
        speaker=received.speaker,
        words=None
        if words is None
        else tuple(
            Word(text=word.text, start=word.start, end=word.end, confidence=word.confidence) for word in words
        ),
    )
