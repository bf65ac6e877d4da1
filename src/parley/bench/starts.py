"""How well sentence starts agree with the first voiced moment of reference segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FRAME_S = 0.02
QUIET_PERCENTILE, LOUD_PERCENTILE = 10, 95
VOICED_SHARE = 0.4
"""A frame is voiced when its level is this share of the way up (in dB) from the segment's quiet to its
loud frames. A fixed distance from the loud ones, 30 or 35 dB, takes some clips' room noise for a voice."""

STAYS_VOICED_FRAMES = 3
"""A click does not last 60 ms."""


@dataclass(frozen=True, slots=True)
class StartErrors:
    """Seconds by which found starts lie after (positive) the voiced moments."""

    median_absolute: float
    bias: float
    share_under_600_ms: float
    count: int


def first_voiced(samples: npt.NDArray[np.float32], rate_hz: int) -> float:
    """Seconds from the first sample to the first moment that is voiced and stays so; 0 in silence."""
    size = int(rate_hz * FRAME_S)
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    if not len(frames):
        return 0.0
    level_db = 10 * np.log10(np.mean(np.square(frames, dtype=np.float64), axis=1) + 1e-12)
    quiet_db, loud_db = np.percentile(level_db, [QUIET_PERCENTILE, LOUD_PERCENTILE])
    voiced = level_db > quiet_db + VOICED_SHARE * (loud_db - quiet_db)
    runs = np.convolve(voiced, np.ones(STAYS_VOICED_FRAMES), mode="valid") == STAYS_VOICED_FRAMES
    return float(np.argmax(runs)) * FRAME_S if runs.any() else 0.0


def start_errors(voiced: Sequence[float], found: Sequence[float]) -> StartErrors:
    """Each voiced moment against the found start that is nearest to it; both in seconds."""
    if not voiced or not found:
        raise ValueError("there is nothing to compare")
    starts = np.sort(np.asarray(found, dtype=np.float64))
    errors = np.array([starts[np.argmin(np.abs(starts - moment))] - moment for moment in voiced])
    return StartErrors(
        median_absolute=float(np.median(np.abs(errors))),
        bias=float(np.median(errors)),
        share_under_600_ms=float(np.mean(np.abs(errors) < 0.6)),
        count=len(errors),
    )
