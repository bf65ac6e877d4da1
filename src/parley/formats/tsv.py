"""A table for programs: whole milliseconds as in openai-whisper's files, and the speaker."""

from __future__ import annotations

from parley.formats.clock import span_ms
from parley.formats.labels import shown_speaker
from parley.formats.options import RenderOptions
from parley.formats.text import clean
from parley.speech.transcript import Segment, Transcript


def render(transcript: Transcript, options: RenderOptions) -> str:
    """A header and one row per segment; fields are never quoted, white space in them is a space."""
    del options
    rows = [_row(transcript, segment) for segment in transcript.segments if clean(segment.text)]
    return "".join(f"{row}\n" for row in ("start\tend\tspeaker\ttext", *rows))


def _row(transcript: Transcript, segment: Segment) -> str:
    start, end = span_ms(segment.start, segment.end)
    return f"{start}\t{end}\t{shown_speaker(transcript, segment) or ''}\t{clean(segment.text)}"
