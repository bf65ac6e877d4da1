"""Corrections of one task's transcript, laid over it; the transcript itself stays as it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import msgspec

from parley.errors import InvalidOption
from parley.speech.transcript import Segment, Transcript

MOST_CHARACTERS = 10_000
"""Of a corrected text or name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """Names by speaker label, and texts by index of the unmerged segment."""

    speakers: dict[str, str] = field(default_factory=dict[str, str])
    texts: dict[int, str] = field(default_factory=dict[int, str])

    def __bool__(self) -> bool:
        return bool(self.speakers or self.texts)


_decoder = msgspec.json.Decoder(Edits)


def dumps(edits: Edits) -> bytes:
    """The stored form."""
    return msgspec.json.encode(edits)


def tag_of(edits: Edits) -> str:
    """Changes with them: who names it in a later edit says what they have seen."""
    ordered = Edits(speakers=dict(sorted(edits.speakers.items())), texts=dict(sorted(edits.texts.items())))
    return hashlib.sha256(dumps(ordered)).hexdigest()[:32]


def loads(stored: bytes | None) -> Edits:
    """Read the stored form."""
    return _decoder.decode(stored) if stored else Edits()


def merged(before: Edits, new: Edits) -> Edits:
    """Later edits over earlier ones; an empty text or name takes an edit back."""
    speakers = {label: name for label, name in (before.speakers | new.speakers).items() if name.strip()}
    texts = {index: text for index, text in (before.texts | new.texts).items() if text.strip()}
    return Edits(speakers=speakers, texts=texts)


def check(edits: Edits, transcript: Transcript) -> None:
    """Raise InvalidOption for edits of what is not there."""
    for label in edits.speakers:
        if label not in transcript.speakers:
            raise InvalidOption(f"No speaker of this transcript is called '{label[:40]}'.")
    for index in edits.texts:
        if not 0 <= index < len(transcript.segments):
            raise InvalidOption(f"There is no segment {index}; they count from 0 to {_last(transcript)}.")
    if any(len(text) > MOST_CHARACTERS for text in (*edits.speakers.values(), *edits.texts.values())):
        raise InvalidOption(f"An edit has at most {MOST_CHARACTERS} characters.")


def applied(edits: Edits, transcript: Transcript) -> Transcript:
    """The transcript as it was corrected."""
    if not edits:
        return transcript
    segments = tuple(
        _edited(segment, edits, edits.texts.get(index)) for index, segment in enumerate(transcript.segments)
    )
    speakers = tuple(dict.fromkeys(edits.speakers.get(label, label) for label in transcript.speakers))
    return replace(transcript, segments=segments, speakers=speakers)


def _edited(segment: Segment, edits: Edits, text: str | None) -> Segment:
    speaker = edits.speakers.get(segment.speaker, segment.speaker) if segment.speaker else None
    if text is None:
        return replace(segment, speaker=speaker)
    # The times of the old words belong to no word of the new text.
    return replace(segment, speaker=speaker, text=text, words=None, phrases=None, raw_text=None)


def _last(transcript: Transcript) -> int:
    return max(0, len(transcript.segments) - 1)
