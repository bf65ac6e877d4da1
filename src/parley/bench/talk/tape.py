"""A recording of both sides of a conversation on one clock, and what can be heard on it."""

from __future__ import annotations

import wave
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from parley.bench.live.clips import Samples, voiced
from parley.speech.media import SAMPLE_BYTES, SAMPLE_RATE_HZ
from parley.speech.span import Span

LOUD = 10 ** (-45 / 20)
"""RMS of a stretch of the loudspeaker that can be heard, of full scale; the edges of vowels lie far above."""

STRETCH_S = 0.005
"""Within so much the first sound is told apart."""


@dataclass(slots=True)
class Track:
    """One side: audio at places in seconds since the tape began; between them is silence."""

    sample_rate_hz: int = SAMPLE_RATE_HZ
    _pieces: list[tuple[int, bytes]] = field(default_factory=list[tuple[int, bytes]])

    def lay(self, at_s: float, pcm: bytes) -> float:
        """Put s16le at `at_s`, or behind what lies there already; gives where it ends, in seconds."""
        first = max(round(at_s * self.sample_rate_hz), self._end())
        self._pieces.append((first, pcm))
        return self._end() / self.sample_rate_hz

    def cut(self, at_s: float) -> None:
        """What lies behind `at_s` was never heard."""
        last = round(at_s * self.sample_rate_hz)
        kept = [(first, pcm[: max(0, last - first) * SAMPLE_BYTES]) for first, pcm in self._pieces]
        self._pieces = [(first, pcm) for first, pcm in kept if pcm]

    def samples(self) -> Samples:
        """All of it, from the beginning of the tape."""
        found = np.zeros(self._end(), dtype=np.int16)
        for first, pcm in self._pieces:
            heard = np.frombuffer(pcm, dtype="<i2")
            found[first : first + len(heard)] = heard
        return found

    def _end(self) -> int:
        if not self._pieces:
            return 0
        first, pcm = self._pieces[-1]
        return first + len(pcm) // SAMPLE_BYTES


@dataclass(slots=True)
class Tape:
    """The microphone and the loudspeaker."""

    microphone: Track = field(default_factory=Track)
    loudspeaker: Track = field(default_factory=Track)

    def save(self, folder: Path, name: str) -> None:
        """As two WAV files that begin at the same moment."""
        folder.mkdir(parents=True, exist_ok=True)
        for side, track in (("microphone", self.microphone), ("loudspeaker", self.loudspeaker)):
            with wave.open(str(folder / f"{name}-{side}.wav"), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(SAMPLE_BYTES)
                file.setframerate(track.sample_rate_hz)
                file.writeframes(track.samples().astype("<i2").tobytes())


def speech_end(microphone: Samples, within: Span) -> float | None:
    """Where somebody stops speaking in a stretch of the microphone's 16 kHz, in seconds of the tape."""
    first = int(within.start * SAMPLE_RATE_HZ)
    spans = voiced(microphone[first : int(within.end * SAMPLE_RATE_HZ)])
    return within.start + spans[-1].end if spans else None


def first_sound(loudspeaker: Samples, sample_rate_hz: int, after_s: float, until_s: float) -> float | None:
    """The first moment in a stretch of the tape at which something is heard, in seconds of the tape."""
    size = max(1, int(STRETCH_S * sample_rate_hz))
    heard = loudspeaker[int(after_s * sample_rate_hz) : int(until_s * sample_rate_hz)]
    stretches = heard[: len(heard) // size * size].reshape(-1, size).astype(np.float64) / 32768.0
    loud = np.flatnonzero(np.sqrt(np.mean(np.square(stretches), axis=1)) > LOUD)
    return after_s + float(loud[0]) * size / sample_rate_hz if len(loud) else None
