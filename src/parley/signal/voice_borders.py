"""Where, inside speech, one voice gives way to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from parley.signal.windows import SAME_ISLAND_S
from parley.speech.span import Span, SpeakerTurn

LEAST_PART_S = 0.5
"""A part shorter than this says too little about its voice; borders nearer to each other are passed over."""

GAP_S = SAME_ISLAND_S + 0.01
"""Left between parts, so that windows on both sides count as of different islands: the border is exact."""


def borders_between(turns: Sequence[SpeakerTurn]) -> list[float]:
    """Moments at which another voice goes on: half-way between the end of one and the start of the next."""
    return [
        (before.end + after.start) / 2
        for before, after in pairwise(sorted(turns))
        if before.speaker != after.speaker
    ]


def split_at(island: Span, borders: Sequence[float]) -> Iterator[Span]:
    """Parts of an island, in order, none much shorter than `LEAST_PART_S`."""
    start = island.start
    for border in sorted(borders):
        if border - start >= LEAST_PART_S and island.end - border >= LEAST_PART_S:
            yield Span(start, border - GAP_S / 2)
            start = border + GAP_S / 2
    yield Span(start, island.end)
