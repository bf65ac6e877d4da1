"""Text to read: one paragraph a line, a new one for every turn."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from parley.formats.clock import clock, to_ms
from parley.formats.labels import failed_note, shown_speaker
from parley.formats.merge import merge_segments
from parley.formats.options import RenderOptions
from parley.formats.text import clean
from parley.speech.transcript import FailedSpan, Segment, Transcript


def render(transcript: Transcript, options: RenderOptions) -> str:
    """`[HH:MM:SS] Speaker1: text` where the transcript is diarized, else plain paragraphs."""
    return "".join(f"{line}\n" for line in _lines(transcript, options))


def _lines(transcript: Transcript, options: RenderOptions) -> Iterator[str]:
    failed = transcript.failed if options.failed_notes else ()
    spoken = [segment for segment in transcript.segments if clean(segment.text)]
    events = sorted([*spoken, *failed], key=lambda event: to_ms(event.start))
    for is_failed, run in groupby(events, key=lambda event: isinstance(event, FailedSpan)):
        if is_failed:
            yield from (failed_note(event) for event in run if isinstance(event, FailedSpan))
        else:
            turns = merge_segments(
                (event for event in run if isinstance(event, Segment)), options.merge_gap_s
            )
            yield from (_paragraph(transcript, turn) for turn in turns)


def _paragraph(transcript: Transcript, turn: Segment) -> str:
    if not transcript.diarized:
        return clean(turn.text)
    speaker = shown_speaker(transcript, turn)
    prefix = f"[{clock(to_ms(turn.start))}] " + (f"{speaker}: " if speaker else "")
    return prefix + clean(turn.text)
