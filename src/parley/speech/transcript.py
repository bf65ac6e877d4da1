"""The one stored form of a transcript."""

from __future__ import annotations

from dataclasses import dataclass

SCHEMA_VERSION = 1
"""Raised when the meaning of a stored field changes; a new optional field does not raise it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word (one character in Chinese) with its times in seconds of the recording."""

    text: str
    start: float
    end: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One sentence of one speaker; it never crosses a speaker change.

    Times are seconds from the start of the recording. `raw_text` is the text before punctuation
    where that is known and differs, `tags` are what an engine says of the sound (language,
    emotion, event), `overlap` marks speech under another speaker's, `channel` counts from 0.
    `phrases` are the parts of the text between pauses, where nothing finer has times.
    """

    start: float
    end: float
    text: str
    speaker: str | None = None
    words: tuple[Word, ...] | None = None
    phrases: tuple[Word, ...] | None = None
    language: str | None = None
    confidence: float | None = None
    raw_text: str | None = None
    tags: tuple[str, ...] = ()
    channel: int | None = None
    overlap: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedSpan:
    """Seconds of the recording that were lost, and why."""

    start: float
    end: float
    code: str
    message: str
    channel: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was said, by whom and when.

    `segments` are unmerged sentences ordered by start; `speakers` are their labels, who spoke
    longest first: names of enrolled voices, or `Speaker1` and so on. `duration` is seconds of the
    recording that were looked at, `profile` the profile that did it, `failed` the spans that could
    not be recognised.
    """

    duration: float
    segments: tuple[Segment, ...] = ()
    speakers: tuple[str, ...] = ()
    language: str | None = None
    profile: str = ""
    diarized: bool = False
    failed: tuple[FailedSpan, ...] = ()
    warnings: tuple[str, ...] = ()
    schema_version: int = SCHEMA_VERSION

    @property
    def text(self) -> str:
        """The segments' texts, one per line."""
        return "\n".join(segment.text for segment in self.segments)
