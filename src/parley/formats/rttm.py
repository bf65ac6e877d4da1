"""RTTM (NIST Rich Transcription): who spoke when, for scoring; written and read back."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from parley.errors import InputError
from parley.formats.clock import span_ms
from parley.formats.labels import shown_speaker
from parley.formats.options import RenderOptions
from parley.formats.text import clean
from parley.speech.transcript import Transcript

UNDIARIZED = "speech"
"""Nobody was told apart: the file then says when there was speech, not that there was one voice."""

UNNAMED = "unknown"


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class RttmTurn:
    """One SPEAKER line: seconds of the recording, channel counted from 1 as in the file."""

    start: float
    end: float
    speaker: str
    file_id: str
    channel: int = 1


def render(transcript: Transcript, options: RenderOptions) -> str:
    """One SPEAKER line per turn, touching segments of one speaker being one turn."""
    file_id = _field(options.file_id) or "recording"
    spans = _spans_by_voice(transcript)
    names = _names(voice for voice, _ in spans)
    turns = sorted(
        (start, end, names[voice], channel)
        for (voice, channel), found in spans.items()
        for start, end in _touching_joined(found)
    )
    return "".join(
        f"SPEAKER {file_id} {channel} {_seconds(start)} {_seconds(end - start)} <NA> <NA> {name} <NA> <NA>\n"
        for start, end, name, channel in turns
    )


def read_rttm(text: str) -> tuple[RttmTurn, ...]:
    """The SPEAKER lines of a file, other types left out; raises InputError for a broken line."""
    lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1)]
    return tuple(_turn(number, fields) for number, fields in lines if fields[:1] == ["SPEAKER"])


def _spans_by_voice(transcript: Transcript) -> dict[tuple[str, int], list[tuple[int, int]]]:
    """Stretches in milliseconds that are not empty, by label and channel counted from 1."""
    spans: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for segment in transcript.segments:
        start, end = span_ms(segment.start, segment.end)
        label = (shown_speaker(transcript, segment) or UNNAMED) if transcript.diarized else UNDIARIZED
        if end > start:
            spans.setdefault((label, (segment.channel or 0) + 1), []).append((start, end))
    return spans


def _touching_joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _names(labels: Iterable[str]) -> dict[str, str]:
    """A field without white space for every label, different ones for different labels."""
    names: dict[str, str] = {}
    for label in dict.fromkeys(labels):
        name = _field(label)
        while name in names.values():
            name += "_"
        names[label] = name
    return names


def _field(text: str) -> str:
    """One field: no white space, no quotes (pandas reads them), not the mark for "not available"."""
    field = clean(text).replace(" ", "_").replace('"', "'")
    return "NA" if field == "<NA>" else field


def _seconds(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000:03d}"


def _turn(number: int, fields: list[str]) -> RttmTurn:
    try:
        channel, start, duration = int(fields[2]), float(fields[3]), float(fields[4])
        speaker = fields[7]
    except (IndexError, ValueError) as error:
        raise InputError(f"Line {number} is not a SPEAKER line of RTTM.") from error
    if not (math.isfinite(start) and math.isfinite(duration)) or duration < 0:
        raise InputError(f"Line {number} holds times that mean nothing.")
    end = round(start + duration, 3)
    return RttmTurn(start=start, end=end, speaker=speaker, file_id=fields[1], channel=channel)
