"""A sentence on every field of a transcript, for its JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from parley.speech.transcript import FailedSpan, Segment, Transcript, Word

_START = "Seconds from the start of the recording, to the millisecond."
_END = "Seconds from the start of the recording; never before `start`."
_CHANNEL = "Channel of the recording, counted from 0; null for a mix of all."
_CONFIDENCE = "How sure the engine is, from 0 to 1; null where it does not say."

DESCRIPTIONS: Mapping[type, Mapping[str, str]] = MappingProxyType(
    {
        Transcript: {
            "schema_version": "Raised when the meaning of a field changes; a reader refuses other numbers.",
            "duration": "Seconds of the recording that were looked at.",
            "language": "ISO 639 code of the whole recording; null where it is not known.",
            "profile": "Name of the profile that made the transcript.",
            "diarized": "Whether speakers were told apart.",
            "speakers": "Labels, who spoke longest first: names of enrolled voices, or Speaker1 and so on.",
            "segments": "Sentences ordered by start; consecutive ones of a speaker are not merged.",
            "failed": "Stretches that could not be transcribed; empty when all went well.",
            "warnings": "Sentences for the user on what is missing or doubtful.",
        },
        Segment: {
            "start": _START,
            "end": _END,
            "text": "What was said, with punctuation.",
            "speaker": "Label of the one who speaks; null where the transcript is not diarized.",
            "words": "Times of the words; null where they were not asked for.",
            "phrases": "Parts of the text between pauses, where words have no times; null for a single one.",
            "language": "ISO 639 code of this sentence; null where it is not known.",
            "confidence": _CONFIDENCE,
            "raw_text": "The text before punctuation, where it is known and differs.",
            "tags": "What the engine says of the sound: language, emotion or event.",
            "channel": _CHANNEL,
            "overlap": "Whether somebody else speaks at the same time.",
        },
        Word: {
            "text": "One word; one character in Chinese.",
            "start": _START,
            "end": _END,
            "confidence": _CONFIDENCE,
        },
        FailedSpan: {
            "start": _START,
            "end": _END,
            "code": "Code of the error, such as unit_poisoned.",
            "message": "The error in a sentence.",
            "channel": _CHANNEL,
        },
    }
)
