"""A transcript as the result of a task, in the shapes of the native protocol (section 7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath

from parley.formats.merge import merge_segments
from parley.formats.registry import find_format, render
from parley.formats.srt import render_sentences
from parley.speech.transcript import Segment, Transcript
from parley.wire.native.result import JsonResult, Metadata, ResultSegment, ResultWord, TextResult

MERGE_GAP_S = 3.0
"""Sentences of one speaker closer than this are one segment."""

_PLACES = 2
_SUFFIX = re.compile(r"\.[0-9A-Za-z]{1,10}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """What a result says besides the transcript. `created_at` is seconds since the epoch;
    `words` and `diarize` say what was asked for."""

    task_id: str
    file_name: str
    md5: str
    created_at: float
    processing_s: float
    profile: str
    diarize: bool
    words: bool
    projected: bool = False


def result_of(transcript: Transcript, facts: TaskFacts, format: str) -> JsonResult | TextResult:
    """The result in one of the formats; raises InvalidOption when there is no such format."""
    return json_result(transcript, facts) if format == "json" else text_result(transcript, facts, format)


def json_result(transcript: Transcript, facts: TaskFacts) -> JsonResult:
    """Segments merged, times to two places."""
    merged = merge_segments(transcript.segments, MERGE_GAP_S)
    return JsonResult(
        task_id=facts.task_id,
        file_name=facts.file_name,
        stored_name=stored_name(facts),
        file_hash=facts.md5,
        duration=round(transcript.duration, _PLACES),
        segments=[_segment(segment, facts) for segment in merged],
        speakers=sorted(transcript.speakers, key=_natural) if facts.diarize else [],
        created_at=datetime.fromtimestamp(facts.created_at, UTC).isoformat(),
        processing_time=round(facts.processing_s, _PLACES),
        metadata=_metadata(transcript, facts),
    )


def text_result(transcript: Transcript, facts: TaskFacts, format: str) -> TextResult:
    """Unmerged sentences; SRT one in a block, as first-generation clients read it. Raises InvalidOption."""
    return TextResult(
        format=find_format(format).name,
        content=render_sentences(transcript) if format == "srt" else render(transcript, format),
        file_name=facts.file_name,
        stored_name=stored_name(facts),
        file_hash=facts.md5,
        duration=round(transcript.duration, _PLACES),
        metadata=_metadata(transcript, facts),
    )


def stored_name(facts: TaskFacts) -> str:
    """The MD5 of the file and its suffix, where it has a harmless one."""
    suffix = PurePath(facts.file_name).suffix.lower()
    return facts.md5 + (suffix if _SUFFIX.fullmatch(suffix) else "")


def _segment(segment: Segment, facts: TaskFacts) -> ResultSegment:
    words = [_word(word.text, word.start, word.end, word.confidence) for word in segment.words or ()]
    return ResultSegment(
        start_time=round(segment.start, _PLACES),
        end_time=round(segment.end, _PLACES),
        text=segment.text,
        speaker=segment.speaker if facts.diarize else None,
        words=words if facts.words and segment.words is not None else None,
    )


def _word(text: str, start: float, end: float, confidence: float | None) -> ResultWord:
    return ResultWord(
        text=text,
        start=round(start, _PLACES),
        end=round(end, _PLACES),
        confidence=None if confidence is None else round(confidence, 3),
    )


def _metadata(transcript: Transcript, facts: TaskFacts) -> Metadata:
    return Metadata(
        engine=facts.profile,
        diarize=facts.diarize,
        word_align=facts.words,
        language=transcript.language,
        projected=facts.projected,
        warnings=list(transcript.warnings),
    )


def _natural(label: str) -> list[tuple[int, int, str]]:
    """Numbers inside labels count as numbers: 2 before 10."""
    parts = re.split(r"(\d+)", label)
    return [(0, int(part), "") if part.isdecimal() and len(part) < 20 else (1, 0, part) for part in parts]
