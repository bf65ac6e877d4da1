"""Where a long segment is cut into subtitle blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from parley.formats.borders import Border
from parley.formats.breaks import Atom
from parley.formats.layout import border_cost, partition
from parley.formats.spread import Times

_BLOCK_COST = 30.0
_SHORT_COST = 50.0
_BORDER_WEIGHT = 3.0
_PAUSE_COST = 30.0
"""Weighed on English and Chinese talks: a block more is cheaper than a sentence torn between two
words (90), never cheaper than a text in one block; a pause counts like a comma (30)."""

_PAUSE_MS = 500


@dataclass(frozen=True, slots=True)
class Page:
    """What one block may hold: lines of `width` columns, the first with `indent` of them taken."""

    width: int
    indent: int
    max_lines: int
    max_ms: int


def cut(atoms: Sequence[Atom], times: Sequence[Times], page: Page, *, timed: bool) -> list[tuple[int, int]]:
    """First and last (exclusive) atom of every block; only a single atom may outlast the page.

    Where the times of words are not known (`timed`), a third of a line is never cut for being
    shown too long: its time says little about when it was said.
    """
    borders = _border_costs(atoms, times)
    widths = [(atom.width, atom.space) for atom in atoms]
    capacity = page.width * page.max_lines - page.indent
    uncut = 0 if timed else page.width // 3

    def ends(first: int) -> Iterator[tuple[int, float]]:
        start, room = times[first][0], page.width - page.indent
        count, used, total = 1, 0, 0
        for index in range(first, len(widths)):
            width, space = widths[index]
            if used and used + width > room:
                count, used, room = count + 1, 0, page.width
            total += width
            too_long = total > uncut and times[index][1] - start > page.max_ms
            if count > page.max_lines or (too_long and index > first):
                return
            empty = 1 - total / capacity
            yield index + 1, _BLOCK_COST + _SHORT_COST * empty * empty + borders[index]
            used += width + space
            total += space

    return partition(len(atoms), ends)


def _border_costs(atoms: Sequence[Atom], times: Sequence[Times]) -> list[float]:
    """What it costs to end a block after each atom; nothing after the last."""
    costs = [_BORDER_WEIGHT * border_cost(atom) for atom in atoms[:-1]]
    for index, (before, after) in enumerate(pairwise(times)):
        if after[0] - before[1] >= _PAUSE_MS and atoms[index].after is not Border.CUT:
            costs[index] = min(costs[index], _PAUSE_COST)
    return [*costs, 0.0]
