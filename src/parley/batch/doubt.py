"""Says when a transcript is probably nonsense: a recogniser answers in its own language to anything."""

from __future__ import annotations

from parley.engines.profiles import Profile
from parley.speech.transcript import Transcript

UNSURE = 0.5
"""Mean confidence by letters. Measured with Moonshine: 0.86 on read English, 0.53 to 0.84 on meetings of
which it understands little, 0.39 on Mandarin."""

_MOST_NAMED = 12
"""Languages that are named one by one."""


def doubt(transcript: Transcript, profile: Profile) -> str | None:
    """A warning, or None where there is no reason for one (or no confidence is known)."""
    known = [(s.confidence, len(s.text)) for s in transcript.segments if s.confidence is not None]
    letters = sum(length for _, length in known)
    if not letters or sum(confidence * length for confidence, length in known) / letters >= UNSURE:
        return None
    if profile.languages is None:
        return "The recogniser was unsure of most of this; the text is probably wrong."
    many = len(profile.languages) > _MOST_NAMED
    spoken = f"{len(profile.languages)} languages" if many else ", ".join(sorted(profile.languages))
    return (
        f"The recogniser was unsure of most of this; profile '{profile.name}' recognises {spoken} only, "
        "and another language comes out as nonsense."
    )
