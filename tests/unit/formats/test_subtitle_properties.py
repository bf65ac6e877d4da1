"""What holds for every subtitle file, whatever the transcript."""

import html
import re
import unicodedata
from collections import defaultdict
from itertools import pairwise

import pysubs2
from hypothesis import assume, given
from tests.unit.formats.strategies import render_options, transcripts

from parley.formats.blocks import subtitle_blocks
from parley.formats.clock import to_ms
from parley.formats.labels import failed_note, shown_speaker
from parley.formats.options import RenderOptions
from parley.formats.registry import render
from parley.formats.schedule import Block
from parley.formats.text import columns
from parley.speech.transcript import Transcript

TIMING = re.compile(r"(\d{2,}):(\d\d):(\d\d)[,.](\d{3}) --> (\d{2,}):(\d\d):(\d\d)[,.](\d{3})")


def bare(text: str) -> str:
    """Letters only: what must never be lost, written without the code under test."""
    return "".join(
        character
        for character in text
        if not character.isspace() and unicodedata.category(character) not in {"Cc", "Cs"}
    )


def said(transcript: Transcript, options: RenderOptions) -> list[str]:
    notes = [failed_note(failed) for failed in transcript.failed] if options.failed_notes else []
    return sorted(
        filter(columns, [*(bare(segment.text) for segment in transcript.segments), *map(bare, notes)])
    )


def end_in_digits(blocks: list[Block]) -> bool:
    """pysubs2 takes a last line of digits for the number of the next block where that has none."""
    return any(len(block.lines) > 1 and block.lines[-1].isdecimal() for block in blocks)


@given(transcripts(), render_options)
def test_blocks_are_in_order_short_and_apart(transcript: Transcript, options: RenderOptions) -> None:
    blocks = subtitle_blocks(transcript, options, speaker_in_text=True)
    lanes = defaultdict(list)
    for block in blocks:
        assert 0 <= block.start < block.end <= block.start + to_ms(options.max_block_s)
        assert 1 <= len(block.lines) <= options.max_lines
        assert all(line.strip() for line in block.lines)
        lanes[block.lane].append(block)
    assert all(before.start <= after.start for before, after in pairwise(blocks))
    for lane in lanes.values():
        assert all(before.end <= after.start for before, after in pairwise(lane))


@given(transcripts(), render_options)
def test_no_text_is_lost(transcript: Transcript, options: RenderOptions) -> None:
    blocks = subtitle_blocks(transcript, options, speaker_in_text=False)
    shown = bare("".join(line for block in blocks for line in block.lines))
    assert sorted(shown) == sorted("".join(said(transcript, options)))


@given(transcripts(), render_options)
def test_one_segment_is_said_in_order(transcript: Transcript, options: RenderOptions) -> None:
    for segment in transcript.segments:
        alone = Transcript(duration=60, segments=(segment,), diarized=True)
        blocks = subtitle_blocks(alone, options, speaker_in_text=True)
        shown = bare("".join(line for block in blocks for line in block.lines))
        assert shown == (bare(segment.text) if columns(bare(segment.text)) else "")


@given(transcripts(), render_options)
def test_lines_keep_their_width(transcript: Transcript, options: RenderOptions) -> None:
    for block in subtitle_blocks(transcript, options, speaker_in_text=False):
        assert all(columns(line) <= (options.max_line_width or 42) for line in block.lines)


@given(transcripts())
def test_srt_numbers_have_no_holes_and_no_block_breaks_the_next(transcript: Transcript) -> None:
    content = render(transcript, "srt")
    blocks = content.split("\n\n") if content else []
    for number, block in enumerate(blocks, 1):
        head, timing, *lines = block.rstrip("\n").split("\n")
        assert head == str(number)
        assert TIMING.fullmatch(timing)
        assert lines and all(lines)
        assert not any("-->" in line for line in lines)
    assert len(blocks) == len(subtitle_blocks(transcript, RenderOptions(), speaker_in_text=True))


@given(transcripts())
def test_pysubs2_reads_the_same_srt(transcript: Transcript) -> None:
    blocks = subtitle_blocks(transcript, RenderOptions(), speaker_in_text=True)
    # pysubs2 takes two times in one line for a timing line, and knows no hours beyond 99.
    assume(not any("00:00:01,000" in line for block in blocks for line in block.lines))
    assume(all(block.end < 360_000_000 for block in blocks) and not end_in_digits(blocks[-1:]))
    read = pysubs2.SSAFile.from_string(render(transcript, "srt"), format_="srt")
    assert [(event.start, event.end) for event in read] == [(block.start, block.end) for block in blocks]
    for event, block in zip(read, blocks, strict=True):
        prefix = f"{block.speaker}:" if block.speaker else ""
        shown = bare(event.text.replace("\\N", "")).replace("\u2060", "")
        assert shown == re.sub("-{2,}>", "->", bare(prefix + "\n".join(block.lines)).replace("\\N", ""))


@given(transcripts())
def test_pysubs2_reads_the_same_vtt(transcript: Transcript) -> None:
    blocks = subtitle_blocks(transcript, RenderOptions(), speaker_in_text=False)
    assume(not end_in_digits(blocks))
    content = render(transcript, "vtt")
    assert content.startswith("WEBVTT\n")
    read = pysubs2.SSAFile.from_string(content, format_="vtt")
    assert [(event.start, event.end) for event in read] == [(block.start, block.end) for block in blocks]
    for event, block in zip(read, blocks, strict=True):
        shown = bare(html.unescape(event.text.replace("\\N", "")))
        assert shown == bare("\n".join(block.lines)).replace("\\N", "")


@given(transcripts())
def test_every_vtt_voice_is_the_speaker(transcript: Transcript) -> None:
    voices = set(map(html.unescape, re.findall(r"<v ([^>]*)>", render(transcript, "vtt"))))
    named = {shown_speaker(transcript, segment) for segment in transcript.segments}
    assert voices <= named
    timings = [line for line in render(transcript, "vtt").split("\n") if "-->" in line]
    assert all(TIMING.fullmatch(line) for line in timings)
