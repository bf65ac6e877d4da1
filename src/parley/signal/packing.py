"""From islands to stretches: the runs of islands a recogniser is given at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from parley.speech.span import Span

MARGIN_S = 0.45
"""Sound before and after a stretch that a recogniser is given too, where nobody else speaks in it:
with 0.2 s the word error rate of Moonshine was up to 2 points higher (ADR 007)."""

EACH = 0.1
"""Price of a stretch, so that nothing is cut without a reason."""

SHORT = 1.0
SHORT_S = 3.0
"""A stretch of no length costs `SHORT` more, one of `SHORT_S` seconds a third of that: recognisers
guess when they hear a word or two alone."""

PAUSE = 0.5
FREE_PAUSE_S = 0.4
"""A second of pause inside a stretch, beyond what a comma takes, costs `PAUSE`: behind a long pause
there is often another speaker, whom the recogniser hears worse in the wake of the first."""

NARROW = 0.3
NARROW_S = 0.5
"""A cut in a pause of no length costs `NARROW`, in one of `NARROW_S` seconds nothing."""


def pack(islands: Sequence[Span], longest_s: float) -> list[list[Span]]:
    """Stretches whose cuts cost least; no island is lost and the order kept.

    `islands` are sorted and disjoint. With its margins no stretch is longer than `longest_s`; an
    island that is too long by itself is cut into equal parts, which loses the word under the cut.
    """
    room_s = longest_s - 2 * MARGIN_S
    if room_s <= 0:
        raise ValueError(f"a stretch of {longest_s} s has no room for anything but margins")
    parts = [part for island in islands for part in _shortened(island, room_s)]
    best_cost, best_first = [0.0], [0]
    for last in range(len(parts)):
        cost, first = _cheapest_ending_at(last, parts, best_cost, room_s)
        best_cost.append(cost)
        best_first.append(first)
    stretches: list[list[Span]] = []
    after = len(parts)
    while after:
        first = best_first[after]
        stretches.append(parts[first:after])
        after = first
    return stretches[::-1]


def with_margins(stretches: Sequence[Sequence[Span]], duration: float) -> list[Span]:
    """What to give a recogniser for each stretch: its islands and up to `MARGIN_S` around them.

    Margins stay within the recording (0 to `duration`) and share the pause between two stretches.
    """
    pauses = [(before[-1].end + after[0].start) / 2 for before, after in pairwise(stretches)]
    edges = [0.0, *pauses, duration]
    return [
        Span(max(stretch[0].start - MARGIN_S, edges[i]), min(stretch[-1].end + MARGIN_S, edges[i + 1]))
        for i, stretch in enumerate(stretches)
    ]


def _shortened(island: Span, longest_s: float) -> list[Span]:
    """Equal parts of at most `longest_s`."""
    count = max(1, math.ceil(island.duration / longest_s))
    borders = [island.start + island.duration * index / count for index in range(count)] + [island.end]
    return [Span(start, end) for start, end in pairwise(borders)]


def _cheapest_ending_at(
    last: int, parts: Sequence[Span], best_cost: Sequence[float], room_s: float
) -> tuple[float, int]:
    """Cost of everything up to `last` when a stretch ends there, and the first island of that one."""
    cheapest, cheapest_first, pauses = math.inf, last, 0.0
    for first in range(last, -1, -1):
        length = parts[last].end - parts[first].start
        if length > room_s and first < last:
            break
        if first < last:
            pauses += PAUSE * max(0.0, _pause(parts, first + 1) - FREE_PAUSE_S)
        short = SHORT * math.exp(-length / SHORT_S)
        narrow = NARROW * max(0.0, 1 - _pause(parts, first) / NARROW_S)
        cost = best_cost[first] + EACH + short + pauses + narrow
        if cost < cheapest:
            cheapest, cheapest_first = cost, first
    return cheapest, cheapest_first


def _pause(parts: Sequence[Span], index: int) -> float:
    """Seconds of silence before an island."""
    return parts[index].start - parts[index - 1].end if index else math.inf
