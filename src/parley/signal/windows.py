"""Windows over islands of speech, and the part of the speech each of them answers for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from parley.signal.islands import SAME_ISLAND_S
from parley.speech.span import Span

Windows = npt.NDArray[np.float64]
"""Shape (n, 2): start and end in seconds, sorted by start."""


def cut_windows(islands: Sequence[Span], length_s: float, hop_s: float) -> Windows:
    """Windows of `length_s` at most `hop_s` apart that cover each island exactly.

    An island that is shorter than a window is one window.
    """
    windows = [window for island in islands for window in _over(island, length_s, hop_s)]
    return np.array(windows, dtype=np.float64).reshape(-1, 2)


def _over(island: Span, length_s: float, hop_s: float) -> list[tuple[float, float]]:
    room_s = max(0.0, island.duration - length_s)
    # A rounding error more than a whole number of hops is not worth a window.
    starts = np.linspace(island.start, island.start + room_s, int(np.ceil(room_s / hop_s - 1e-6)) + 1)
    return [(float(start), min(float(start) + length_s, island.end)) for start in starts]


def island_starts(windows: Windows) -> npt.NDArray[np.bool_]:
    """Shape (n,): whether a window is the first of its island, which ends where the next does not touch."""
    touching = windows[1:, 0] <= windows[:-1, 1] + SAME_ISLAND_S
    return np.concatenate([np.ones(min(1, len(windows)), dtype=np.bool_), ~touching])


def own_stretches(windows: Windows) -> Windows:
    """Shape (n, 2): the disjoint parts of the islands that lie nearest to each window's centre."""
    centres = windows.mean(axis=1)
    first = island_starts(windows)
    half_way = (centres[1:] + centres[:-1]) / 2
    stretches = windows.copy()
    stretches[1:, 0] = np.where(first[1:], windows[1:, 0], half_way)
    stretches[:-1, 1] = np.where(first[1:], windows[:-1, 1], half_way)
    # An island may hold another's end where windows come from islands that overlap.
    return np.maximum(stretches, stretches[:, :1])


def thin(
    windows: Windows, vectors: npt.NDArray[np.float32], most: int
) -> tuple[Windows, npt.NDArray[np.float32]]:
    """At most about `most` windows: neighbours in an island become one, with the mean of their vectors."""
    together = -(-len(windows) // most)
    if together <= 1:
        return windows, vectors
    first = island_starts(windows)
    position = np.arange(len(windows)) - np.maximum.accumulate(np.where(first, np.arange(len(windows)), 0))
    begins = np.flatnonzero(position % together == 0)
    ends = np.append(begins[1:], len(windows)) - 1
    sizes = np.diff(np.append(begins, len(windows)))
    means = np.add.reduceat(vectors, begins, axis=0) / sizes[:, None]
    return np.column_stack([windows[begins, 0], windows[ends, 1]]), means.astype(np.float32)
