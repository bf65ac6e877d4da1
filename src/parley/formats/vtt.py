"""WebVTT: cues for browsers, the speaker in a voice tag."""

from __future__ import annotations

from parley.formats.blocks import subtitle_blocks
from parley.formats.clock import timestamp
from parley.formats.options import RenderOptions
from parley.formats.schedule import Block
from parley.speech.transcript import Transcript

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def render(transcript: Transcript, options: RenderOptions) -> str:
    """A header and one cue per block; `<v Speaker1>text` where the transcript is diarized."""
    blocks = subtitle_blocks(transcript, options, speaker_in_text=False)
    return "WEBVTT\n" + "".join(map(_cue, blocks))


def _cue(block: Block) -> str:
    voice = f"<v {block.speaker.translate(_ESCAPES)}>" if block.speaker else ""
    times = f"{timestamp(block.start, '.')} --> {timestamp(block.end, '.')}"
    text = "\n".join(block.lines).translate(_ESCAPES)
    return f"\n{times}\n{voice}{text}\n"
