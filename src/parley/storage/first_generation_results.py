"""Results as first-generation servers stored them, as transcripts: JSON, or the text of a subtitle file."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from parley.speech.transcript import Segment, Transcript, Word

_MAX_SECONDS = 1e8
_TIMES = re.compile(
    r"(\d+):(\d\d):(\d\d)[,.](\d{1,3})\s*-->\s*(\d+):(\d\d):(\d\d)[,.](\d{1,3})[^\n]*\n?(.*)", re.DOTALL
)
_SPEAKER = re.compile(r"(Speaker\s?\d+)[:：]\s*")


class NotReadable(ValueError):
    """Nothing in the row is a transcript."""


def read_result(result: Any, raw_result: Any, duration: float | None) -> tuple[Transcript, bool]:
    """The transcript of a row, and whether it was stored as data; raises NotReadable."""
    for stored in (result, raw_result):
        found = _as_json(stored)
        if isinstance(found, dict) and isinstance(found.get("segments"), list):
            return _transcript([_segment(item) for item in found["segments"]], found, duration), True
    for stored in (result, raw_result):
        found = _as_json(stored)
        text = found.get("content") if isinstance(found, dict) else stored
        segments = _subtitles(text) if isinstance(text, str) else []
        if segments:
            return _transcript(segments, found if isinstance(found, dict) else {}, duration), False
    raise NotReadable


def _as_json(stored: Any) -> Any:
    if not isinstance(stored, str | bytes):
        return None
    try:
        found = json.loads(stored)
        # Some versions stored JSON inside a JSON string.
        return json.loads(found) if isinstance(found, str) else found
    except (ValueError, RecursionError):
        return None


def _transcript(segments: list[Segment], facts: dict[str, Any], duration: float | None) -> Transcript:
    ordered = sorted((segment for segment in segments if segment.text), key=lambda segment: segment.start)
    metadata = facts.get("metadata")
    language = metadata.get("language") if isinstance(metadata, dict) else None
    labels = {segment.speaker for segment in ordered if segment.speaker}
    length = duration if duration is not None else _number(facts.get("duration"), 0.0)
    return Transcript(
        duration=max([length, *(segment.end for segment in ordered)]),
        segments=tuple(ordered),
        speakers=tuple(sorted(labels, key=_natural)),
        diarized=bool(labels),
        language=language if isinstance(language, str) else None,
    )


def _segment(item: Any) -> Segment:
    if not isinstance(item, dict):
        raise NotReadable
    start, end = _span(item.get("start_time", item.get("start")), item.get("end_time", item.get("end")))
    speaker = item.get("speaker")
    return Segment(
        start=start,
        end=end,
        text=str(item.get("text") or "").strip(),
        speaker=speaker.strip() or None if isinstance(speaker, str) else None,
        words=_words(item.get("words")),
    )


def _words(found: Any) -> tuple[Word, ...] | None:
    """Words are worth having only if all of them make sense."""
    if not isinstance(found, list) or not found:
        return None
    try:
        return tuple(_word(item) for item in found)
    except NotReadable:
        return None


def _word(item: Any) -> Word:
    text = item.get("text", item.get("word")) if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(text, str):
        raise NotReadable
    start, end = _span(item.get("start"), item.get("end"))
    confidence = _number(item.get("confidence"))
    return Word(text=text, start=start, end=end, confidence=confidence if 0 <= confidence <= 1 else None)


def _subtitles(text: str) -> list[Segment]:
    blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n"))
    return [segment for block in blocks if (segment := _block(block)) is not None]


def _block(block: str) -> Segment | None:
    found = _TIMES.search(block)
    if found is None:
        return None
    start, end = _span(_clock(found.groups()[:4]), _clock(found.groups()[4:8]))
    spoken = " ".join(found[9].split("\n")).strip()
    label = _SPEAKER.match(spoken)
    return Segment(
        start=start,
        end=end,
        text=spoken[label.end() :] if label else spoken,
        speaker=label[1].replace(" ", "") if label else None,
    )


def _clock(parts: tuple[str | Any, ...]) -> float:
    hours, minutes, seconds, fraction = parts
    return int(hours[:6]) * 3600 + int(minutes) * 60 + int(seconds) + int(fraction.ljust(3, "0")) / 1000


def _span(start: Any, end: Any) -> tuple[float, float]:
    begin, finish = _number(start), _number(end)
    if not 0 <= begin <= finish <= _MAX_SECONDS:
        raise NotReadable
    return begin, finish


def _number(value: Any, otherwise: float = math.nan) -> float:
    """NaN, which no comparison lets through, for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return otherwise
    try:
        return float(value)
    except (ValueError, OverflowError):
        return otherwise


def _natural(label: str) -> list[tuple[int, int, str]]:
    """Numbers inside labels count as numbers: 2 before 10."""
    parts = re.split(r"([0-9]+)", label)
    return [(0, int(part), "") if re.fullmatch("[0-9]{1,18}", part) else (1, 0, part) for part in parts]
