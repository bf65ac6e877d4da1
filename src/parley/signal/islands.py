"""From speech probabilities to islands of speech, and from windows of a recording to the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from parley.speech.span import Span

Probabilities = npt.NDArray[np.float32]
"""Shape (frames,), from 0 (silence) to 1 (speech)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoothing:
    """How islands are cut out of probabilities; the defaults suit Silero v6 (ADR 007).

    Speech begins at a frame of `onset` and lasts until the probability has stayed below `offset`
    for `least_pause_s`. What is shorter than `least_speech_s` or never reaches `least_peak` is
    noise: the loudest of the noise recordings we test with peaks at 0.66. An island longer than
    `longest_s` is cut where the probability is lowest. `lead_s` and `tail_s` are added at the
    ends because a detector hears weak first sounds late (Silero: 30 to 50 ms) and drops last ones,
    and because a subtitle that comes a little early reads better than a late one.
    """

    onset: float = 0.4
    offset: float = 0.25
    least_peak: float = 0.7
    least_pause_s: float = 0.25
    least_speech_s: float = 0.2
    longest_s: float = 15.0
    lead_s: float = 0.07
    tail_s: float = 0.1


SILERO = Smoothing()

SAME_ISLAND_S = 0.05
"""Between the windows of a recording this is no pause: a frame of the detector and a little."""

_Run = tuple[int, int]
"""First frame and the frame after the last."""


def find_islands(
    probabilities: Probabilities, frame_s: float, duration: float, smoothing: Smoothing = SILERO
) -> list[Span]:
    """Islands in seconds from the first frame, sorted, disjoint, within 0 and `duration`."""
    runs = [
        part
        for run in _runs(probabilities, round(smoothing.least_pause_s / frame_s), smoothing)
        if _is_speech(probabilities, run, frame_s, smoothing)
        for part in _cut(probabilities, run, max(2, int(smoothing.longest_s / frame_s)))
    ]
    spans = [Span(first * frame_s, min(after * frame_s, duration)) for first, after in runs]
    return _widened([span for span in spans if span.duration > 0], duration, smoothing)


def _runs(probabilities: Probabilities, least_pause: int, smoothing: Smoothing) -> Iterator[_Run]:
    """Hysteresis: runs of speech that bridge pauses of fewer than `least_pause` frames."""
    first, quiet_since = -1, -1
    for index, probability in enumerate(probabilities.tolist()):
        if probability >= smoothing.offset:
            quiet_since = -1
            if first < 0 and probability >= smoothing.onset:
                first = index
        elif first >= 0:
            quiet_since = index if quiet_since < 0 else quiet_since
            if index - quiet_since + 1 >= least_pause:
                yield first, quiet_since
                first, quiet_since = -1, -1
    if first >= 0:
        yield first, quiet_since if quiet_since >= 0 else len(probabilities)


def _is_speech(probabilities: Probabilities, run: _Run, frame_s: float, smoothing: Smoothing) -> bool:
    first, after = run
    long_enough = (after - first) * frame_s >= smoothing.least_speech_s
    return long_enough and float(probabilities[first:after].max()) >= smoothing.least_peak


def _cut(probabilities: Probabilities, run: _Run, longest: int) -> Iterator[_Run]:
    """Parts of at most `longest` frames; a cut lies in the later half of what may be taken, so that
    no part is much shorter than the others, at the frame with the lowest mean over three frames."""
    first, after = run
    while after - first > longest:
        low, high = first + longest // 2, min(first + longest, after - 1)
        around = np.convolve(probabilities[low - 1 : high + 2], np.ones(3), mode="valid")
        at = low + int(np.argmin(around))
        yield first, at
        first = at
    yield first, after


def _widened(spans: Sequence[Span], duration: float, smoothing: Smoothing) -> list[Span]:
    """Add lead and tail, never more than half of a pause."""
    edges = [0.0, *((a.end + b.start) / 2 for a, b in pairwise(spans)), duration]
    return [
        Span(max(span.start - smoothing.lead_s, edges[i]), min(span.end + smoothing.tail_s, edges[i + 1]))
        for i, span in enumerate(spans)
    ]


def join_islands(windows: Iterable[Sequence[Span]]) -> list[Span]:
    """The islands of consecutive windows of a recording, as if it had been looked at whole.

    Every window holds sorted, disjoint islands cut to its own part of the recording; an island
    that a border has cut in two becomes one again.
    """
    joined: list[Span] = []
    for window in windows:
        for index, island in enumerate(window):
            if index == 0 and joined and island.start - joined[-1].end < SAME_ISLAND_S:
                joined[-1] = Span(joined[-1].start, max(joined[-1].end, island.end))
            else:
                joined.append(island)
    return joined
