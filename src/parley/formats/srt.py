"""SubRip: numbered blocks, the speaker before the words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from parley.formats.blocks import subtitle_blocks
from parley.formats.clock import span_ms, timestamp
from parley.formats.options import RenderOptions
from parley.formats.schedule import Block
from parley.formats.text import clean
from parley.speech.transcript import Transcript

_ARROW = re.compile(r"-{2,}>")
_TAG = re.compile(r"<(?=\s*/?\s*[A-Za-z])|\{(?=\s*\\)")
_WORD_JOINER = "\u2060"
"""Invisible; after a bracket it keeps players from taking spoken text for a tag."""


def render(transcript: Transcript, options: RenderOptions) -> str:
    """Blocks numbered from 1; `Speaker1:text` where the transcript is diarized."""
    blocks = subtitle_blocks(transcript, options, speaker_in_text=True)
    return "\n".join(_block(number, block) for number, block in enumerate(blocks, 1))


def render_sentences(transcript: Transcript) -> str:
    """One block of one line for each sentence, however long: what programs read rather than people."""
    blocks = (
        Block(
            start=start,
            end=max(end, start + 1),
            lines=(clean(segment.text),),
            speaker=segment.speaker,
            lane=segment.channel,
            width=0,
        )
        for segment in transcript.segments
        for start, end in (span_ms(segment.start, segment.end),)
        if segment.text.strip()
    )
    return "\n".join(_block(number, block) for number, block in enumerate(blocks, 1))


def _block(number: int, block: Block) -> str:
    prefix = f"{block.speaker}:" if block.speaker else ""
    times = f"{timestamp(block.start, ',')} --> {timestamp(block.end, ',')}"
    return f"{number}\n{times}\n{_escaped(prefix, block.lines)}\n"


def _escaped(prefix: str, lines: Iterable[str]) -> str:
    """SubRip has no escapes: an arrow loses a dash as in Whisper's files, a tag is made none."""
    text = _ARROW.sub("->", prefix + "\n".join(lines))
    return _TAG.sub(lambda bracket: bracket[0] + _WORD_JOINER, text)
