"""A finished task's result, in the shapes clients of the first generation know."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from parley.wire.native.message import Timestamp


class Part(BaseModel):
    """A value inside a message; null fields are sent as null."""

    model_config = ConfigDict(frozen=True)


class ResultWord(Part):
    """One word (one character in Chinese) with its times."""

    text: str
    start: float
    end: float
    confidence: float | None = None


class ResultSegment(Part):
    """Consecutive sentences of one speaker."""

    start_time: float = Field(description="Seconds from the start of the recording, 2 places.")
    end_time: float
    text: str
    speaker: str | None = None
    words: list[ResultWord] | None = Field(None, description="Null when not asked for.")


class Metadata(Part):
    """How the result came about."""

    engine: str = Field(description="The profile.")
    diarize: bool
    word_align: bool
    language: str | None = None
    projected: bool = Field(False, description="Made from a result with more in it.")
    warnings: list[str] = []


class JsonResult(Part):
    """The result of a task with `output_format` json."""

    task_id: str
    file_name: str
    stored_name: str = Field(description="MD5 of the file and its suffix.")
    file_hash: str = Field(description="MD5 of the file.")
    duration: float
    segments: list[ResultSegment]
    speakers: list[str] = Field(description="In natural order; Speaker1 speaks most.")
    created_at: Timestamp
    processing_time: float
    error: str | None = None
    metadata: Metadata


class TextResult(Part):
    """The result of a task with any other format."""

    format: str
    content: str
    file_name: str
    stored_name: str
    file_hash: str
    duration: float
    metadata: Metadata


Result = JsonResult | TextResult
