"""A stretch of time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open interval in seconds from the start of the recording (or of what encloses it)."""

    start: float
    end: float

    @property
    def duration(self) -> float:
        """Seconds between start and end."""
        return self.end - self.start

    def shifted(self, seconds: float) -> Span:
        """The same stretch seen from an origin that lies `seconds` earlier."""
        return Span(self.start + seconds, self.end + seconds)


@dataclass(frozen=True, slots=True, order=True)
class SpeakerTurn:
    """One voice speaks: seconds from the start of the recording, speaker counted from 0."""

    start: float
    end: float
    speaker: int
