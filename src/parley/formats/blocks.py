"""Segments become subtitle blocks: short enough to read, cut where a reader would pause."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from parley.formats.breaks import Atom, atoms
from parley.formats.clock import span_ms, to_ms
from parley.formats.cuts import Page, cut
from parley.formats.labels import failed_note, shown_speaker
from parley.formats.layout import lines, text_of
from parley.formats.options import RenderOptions
from parley.formats.schedule import Block, schedule
from parley.formats.spread import Times, atom_times
from parley.formats.text import clean, columns, is_mostly_wide
from parley.speech.transcript import FailedSpan, Segment, Transcript

LATIN_COLUMNS = 42
"""Characters a line in the Netflix Timed Text Style Guide."""

WIDE_COLUMNS = 36
"""18 full-width characters: Netflix sets 16 without most punctuation, and ours keeps it."""


def subtitle_blocks(transcript: Transcript, options: RenderOptions, *, speaker_in_text: bool) -> list[Block]:
    """Every block of a subtitle file in order of start; texts are laid out, not yet escaped.

    `speaker_in_text` leaves room for `Speaker:` in the first line (at most half of it).
    """
    found: list[Block] = []
    for segment in transcript.segments:
        lane = ("speaker", segment.speaker, segment.channel)
        found += _blocks(segment, shown_speaker(transcript, segment), lane, options, speaker_in_text)
    for failed in transcript.failed if options.failed_notes else ():
        found += _blocks(_noted(failed, options), None, ("failed", failed.channel), options, False)
    return schedule(found, to_ms(options.max_block_s), to_ms(transcript.duration))


def _noted(failed: FailedSpan, options: RenderOptions) -> Segment:
    """The note as if it were said at the beginning of what was lost."""
    start, end = span_ms(failed.start, failed.end)
    shown_until = min(end, start + to_ms(options.max_block_s))
    return Segment(start=start / 1000, end=shown_until / 1000, text=failed_note(failed))


def _blocks(
    segment: Segment, speaker: str | None, lane: Hashable, options: RenderOptions, speaker_in_text: bool
) -> Iterator[Block]:
    text = clean(segment.text)
    if not columns(text):
        return
    width = options.max_line_width or (WIDE_COLUMNS if is_mostly_wide(text) else LATIN_COLUMNS)
    indent = min(columns(f"{speaker}:"), width // 2) if speaker and speaker_in_text else 0
    max_ms = to_ms(options.max_block_s)
    pieces = atoms(text, width)
    times = _piece_times(pieces, segment, max_ms)
    page = Page(width, indent, options.max_lines, max_ms)
    for first, end in cut(pieces, times, page, timed=bool(segment.words or segment.phrases)):
        part = pieces[first:end]
        shown = lines(part, width, indent)
        yield Block(times[first][0], times[end - 1][1], shown, speaker, lane, columns(text_of(part)))


def _piece_times(pieces: Sequence[Atom], segment: Segment, max_ms: int) -> list[Times]:
    """Times of the words; the outer borders are the segment's, unless it is too long to be shown whole."""
    span = span_ms(segment.start, segment.end)
    times = atom_times(pieces, span, segment.words or segment.phrases)
    if span[1] - span[0] <= max_ms:
        times[0] = (span[0], times[0][1])
        times[-1] = (times[-1][0], span[1])
    return times
