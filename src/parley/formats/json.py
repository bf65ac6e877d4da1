"""The transcript as data: a documented file for people, and the compact form that is stored."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import Any, TypeVar

import msgspec

from parley.errors import InputError, ParleyError, StoreBroken
from parley.formats.clock import span_ms, to_ms
from parley.formats.descriptions import DESCRIPTIONS
from parley.formats.options import RenderOptions
from parley.speech.transcript import SCHEMA_VERSION, FailedSpan, Segment, Transcript, Word

_Timed = TypeVar("_Timed", Word, Segment, FailedSpan)
_Judged = TypeVar("_Judged", Word, Segment)

_MAX_SECONDS = 1e8
"""Three years; a larger number is not a time in a recording, and would not survive arithmetic."""

_CONFIDENCE_DIGITS = 3


class _Versioned(msgspec.Struct):
    schema_version: int


def render(transcript: Transcript, options: RenderOptions) -> str:
    """The whole transcript, indented by 2, other scripts unescaped, times to the millisecond."""
    del options
    encoded = msgspec.json.encode(_rounded(transcript))
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


def load_json(text: str | bytes) -> Transcript:
    """Read back what `render` wrote; fields this version does not know are ignored.

    Raises InputError when it is no transcript, or one of another schema version.
    """
    return _decoded(text, InputError)


def dumps(transcript: Transcript) -> bytes:
    """The stored form: compact JSON that loses nothing."""
    return msgspec.json.encode(transcript)


def loads(stored: bytes) -> Transcript:
    """Read the stored form; raises StoreBroken when it is damaged or of another schema version."""
    return _decoded(stored, StoreBroken)


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file; docs/formats/transcript.schema.json holds it."""
    described = msgspec.json.schema(Transcript)
    for noun, sentences in DESCRIPTIONS.items():
        definition = described["$defs"][noun.__name__]
        definition["description"] = " ".join(definition["description"].split())
        for name, sentence in sentences.items():
            found = definition["properties"][name]
            definition["properties"][name] = found | {"description": sentence} | _bounds(name)
    described["$defs"]["Transcript"]["required"] += ["schema_version"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Parley transcript",
    } | described


def _bounds(name: str) -> dict[str, int]:
    if name == "schema_version":
        return {"const": SCHEMA_VERSION}
    return {"minimum": 0} if name in {"start", "end", "duration"} else {}


def _decoded(text: str | bytes, error_type: type[ParleyError]) -> Transcript:
    try:
        version = msgspec.json.decode(text, type=_Versioned).schema_version
        if version != SCHEMA_VERSION:
            raise error_type(
                f"The transcript has schema version {version}; this version of Parley reads {SCHEMA_VERSION}."
            )
        transcript = msgspec.json.decode(text, type=Transcript)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise error_type(f"This is not a transcript of Parley: {error}.") from error
    if not _times_make_sense(transcript):
        raise error_type("The transcript holds times that are negative, too large, or end before they start.")
    return transcript


def _times_make_sense(transcript: Transcript) -> bool:
    parts = [(segment.words or ()) + (segment.phrases or ()) for segment in transcript.segments]
    timed = (*transcript.segments, *transcript.failed, *chain.from_iterable(parts))
    ordered = all(0 <= item.start <= item.end <= _MAX_SECONDS for item in timed)
    return ordered and 0 <= transcript.duration <= _MAX_SECONDS


def _rounded(transcript: Transcript) -> Transcript:
    return replace(
        transcript,
        duration=to_ms(transcript.duration) / 1000,
        segments=tuple(map(_rounded_segment, transcript.segments)),
        failed=tuple(map(_on_milliseconds, transcript.failed)),
    )


def _rounded_segment(segment: Segment) -> Segment:
    words, phrases = _rounded_words(segment.words), _rounded_words(segment.phrases)
    return replace(_confidence_rounded(_on_milliseconds(segment)), words=words, phrases=phrases)


def _rounded_words(words: tuple[Word, ...] | None) -> tuple[Word, ...] | None:
    return words and tuple(_confidence_rounded(_on_milliseconds(word)) for word in words)


def _on_milliseconds(item: _Timed) -> _Timed:
    start, end = span_ms(item.start, item.end)
    return replace(item, start=start / 1000, end=end / 1000)


def _confidence_rounded(item: _Judged) -> _Judged:
    if item.confidence is None:
        return item
    return replace(item, confidence=round(item.confidence, _CONFIDENCE_DIGITS))
