"""What a reader is shown beside the words: speakers, and where words are missing."""

from __future__ import annotations

from parley.formats.clock import clock, span_ms
from parley.formats.text import clean
from parley.speech.transcript import FailedSpan, Segment, Transcript


def shown_speaker(transcript: Transcript, segment: Segment) -> str | None:
    """The speaker's label in one line; None where the transcript is not diarized or nobody is named."""
    return clean(segment.speaker or "") or None if transcript.diarized else None


def failed_note(failed: FailedSpan) -> str:
    """`[00:01:02-00:01:30 could not be transcribed]`, rounded outwards to whole seconds."""
    start, end = span_ms(failed.start, failed.end)
    return f"[{clock(start)}-{clock(end + 999)} could not be transcribed]"
