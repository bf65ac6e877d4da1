"""Which tokens of a known text belong to which island of speech."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from parley.speech.span import Span

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def place_tokens(
    log_likelihoods: npt.NDArray[np.floating], may_start: Bools, gain: Floats | None = None
) -> list[int]:
    """Borders b: the tokens b[k] up to b[k + 1] (exclusive) belong to island k; b has K + 1 entries.

    `log_likelihoods` (K, T) says how likely token t is to whoever hears island k alone. Islands
    are in order of time and so are tokens: the best monotone assignment is found (Viterbi 1967).
    An island begins at a token that `may_start` (T,) or has none. `gain` (T,) is added where a
    token begins an island that is not the first to have any, for instance after a full stop.
    """
    islands, tokens = log_likelihoods.shape
    sums = np.zeros((islands, tokens + 1))
    np.cumsum(log_likelihoods, axis=1, out=sums[:, 1:])
    border = np.append(np.where(may_start, 0.0 if gain is None else gain, -np.inf), 0.0)
    score = np.where(np.arange(tokens + 1) == 0, 0.0, -np.inf)
    came_from: list[npt.NDArray[np.intp]] = []
    for own in sums:
        best, origin = _best_before(score - own)
        spoken = best + own + border
        is_spoken = spoken > score
        came_from.append(np.where(is_spoken, origin, np.arange(tokens + 1)))
        score = np.where(is_spoken, spoken, score)
    return _traced(came_from, tokens)


def _best_before(values: Floats) -> tuple[Floats, npt.NDArray[np.intp]]:
    """For every index the best value in front of it, and the index of the first such value."""
    best = np.maximum.accumulate(values)
    is_new = np.append(True, best[1:] > best[:-1])
    origin = np.maximum.accumulate(np.where(is_new, np.arange(len(values)), 0))
    return np.append(-np.inf, best[:-1]), np.append(0, origin[:-1])


def _traced(came_from: Sequence[npt.NDArray[np.intp]], tokens: int) -> list[int]:
    borders = [tokens]
    for origin in reversed(came_from):
        borders.append(int(origin[borders[-1]]))
    return borders[::-1]


def merge_islands(islands: Sequence[Span], most: int) -> list[Span]:
    """At most `most` spans that cover the islands: those with the shortest pauses between them merged."""
    pauses = [(after.start - before.end, index) for index, (before, after) in enumerate(pairwise(islands))]
    cuts = sorted(index for _, index in sorted(pauses, reverse=True)[: max(0, most - 1)])
    firsts = [0, *(cut + 1 for cut in cuts)]
    lasts = [*cuts, len(islands) - 1]
    return [Span(islands[a].start, islands[b].end) for a, b in zip(firsts, lasts, strict=True)]


_AFTER_MARK = {**dict.fromkeys(".?!。？！", 2.0), **dict.fromkeys(",;:，；：、", 1.0)}
"""Nats by which an island rather begins behind a punctuation mark."""


def gain_after(texts: Sequence[str]) -> Floats:
    """The `gain` of tokens with these texts, by the mark that the token in front ends with."""
    ends = ["", *(text.rstrip()[-1:] for text in texts[:-1])]
    return np.array([_AFTER_MARK.get(end, 0.0) for end in ends])
