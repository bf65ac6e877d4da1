"""Short clips whose speech is known to begin and end at certain times, from their own samples alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.span import Span

Samples = npt.NDArray[np.int16]

FRAME_S = 0.01
FRAME = int(FRAME_S * SAMPLE_RATE_HZ)

QUIET_PERCENTILE, LOUD_PERCENTILE = 5, 95
VOICED_SHARE = 0.35
"""A frame is voiced when its level is this share of the way up (in dB) from quiet to loud ones."""

LEAST_RANGE_DB = 20.0
"""Where quiet and loud frames are closer than that, quiet ones are taken to lie so far below."""

STAYS_FRAMES = 3
"""A click does not last 30 ms."""

PAUSE_S = 0.3
"""Silence that parts two pieces of a recording; less than any endpoint waits."""

SHORTEST_S, LONGEST_S = 0.4, 8.0
"""Speech in a clip for measuring delays."""

EDGE_S = 0.1
"""What a piece keeps of the silence around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Audio at 16 kHz; `speech` is where somebody speaks in it, in seconds."""

    name: str
    samples: Samples
    speech: Span
    text: str | None = None

    @property
    def duration(self) -> float:
        """Seconds of audio."""
        return len(self.samples) / SAMPLE_RATE_HZ


def whole(name: str, samples: Samples, text: str | None = None) -> Clip | None:
    """A recording as one clip, None for one without anything loud in it."""
    found = voiced(samples)
    if not found:
        return None
    return Clip(name=name, samples=samples, speech=Span(found[0].start, found[-1].end), text=text)


def pieces(clip: Clip, pause_s: float = PAUSE_S) -> tuple[Clip, ...]:
    """A recording cut at its pauses; what is too short or too long to be a sentence is left out."""
    kept = [
        span for span in joined(voiced(clip.samples), pause_s) if SHORTEST_S <= span.duration <= LONGEST_S
    ]
    return tuple(_cut(clip, span, number) for number, span in enumerate(kept))


def voiced(samples: Samples) -> tuple[Span, ...]:
    """Where the samples are loud, in seconds."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    if not len(frames):
        return ()
    level_db = 10 * np.log10(np.mean(np.square(frames / 32768.0), axis=1) + 1e-10)
    quiet_db, loud_db = np.percentile(level_db, [QUIET_PERCENTILE, LOUD_PERCENTILE])
    if loud_db < -60:
        return ()
    quiet_db = min(quiet_db, loud_db - LEAST_RANGE_DB)
    loud = level_db > quiet_db + VOICED_SHARE * (loud_db - quiet_db)
    return tuple(
        Span(first * FRAME_S, last * FRAME_S) for first, last in _runs(loud) if last - first >= STAYS_FRAMES
    )


def joined(spans: Sequence[Span], gap_s: float) -> tuple[Span, ...]:
    """Spans with shorter gaps between them as one."""
    found: list[Span] = []
    for span in spans:
        if found and span.start - found[-1].end < gap_s:
            found[-1] = Span(found[-1].start, span.end)
        else:
            found.append(span)
    return tuple(found)


def _runs(flags: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _cut(clip: Clip, span: Span, number: int) -> Clip:
    first = max(0, int((span.start - EDGE_S) * SAMPLE_RATE_HZ))
    samples = clip.samples[first : int((span.end + EDGE_S) * SAMPLE_RATE_HZ)]
    moved = span.shifted(-first / SAMPLE_RATE_HZ)
    return replace(clip, name=f"{clip.name}#{number}", samples=samples, speech=moved, text=None)
