"""Cutting a row of atoms into groups at the least cost: lines of a block, blocks of a segment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import inf
from types import MappingProxyType

from parley.formats.borders import Border
from parley.formats.breaks import Atom

Groups = Callable[[int], Iterable[tuple[int, float]]]
"""From the first atom of a group: every possible end (exclusive) and what that group costs."""

_LINE_COST = 1000.0
"""No balance is worth another line: "always keep the text on one line" (Netflix)."""

_RAGGED_COST = 100.0
"""A line's cost grows with the square of its empty share, so lines of equal length are cheapest."""

_BORDER_COST = MappingProxyType(
    {
        Border.SENTENCE: 0.0,
        Border.CLAUSE: 10.0,
        Border.WORD: 30.0,
        Border.CLINGING: 55.0,
        Border.SUFFIX: 90.0,
        Border.CUT: 300.0,
    }
)
"""Against raggedness: a comma is worth lines of 60 % and 40 %, not one word left alone."""


def partition(count: int, groups: Groups) -> list[tuple[int, int]]:
    """The cheapest row of groups over `count` atoms; `groups` offers at least one end for each start."""
    costs = [0.0] + [inf] * count
    origins = [0] * (count + 1)
    for first in range(count):
        for end, cost in groups(first):
            if costs[first] + cost < costs[end]:
                costs[end], origins[end] = costs[first] + cost, first
    found: list[tuple[int, int]] = []
    while count:
        found.append((origins[count], count))
        count = origins[count]
    return found[::-1]


def lines(atoms: Sequence[Atom], width: int, indent: int) -> tuple[str, ...]:
    """As few lines of at most `width` columns as possible, as even as their borders allow.

    The first line leaves `indent` columns free; a word that does not fit beside them stays whole.
    """

    if sum(atom.width + atom.space for atom in atoms) <= width - indent:
        return (text_of(atoms),)

    def ends(first: int) -> Iterator[tuple[int, float]]:
        room = width if first else width - indent
        used = 0
        for end in range(first + 1, len(atoms) + 1):
            atom = atoms[end - 1]
            used += atom.width
            if used > room and end > first + 1:
                return
            border = border_cost(atom) if end < len(atoms) else 0.0
            yield end, _LINE_COST + _RAGGED_COST * max(0.0, 1 - used / room) ** 2 + border
            used += atom.space

    return tuple(text_of(atoms[first:end]) for first, end in partition(len(atoms), ends))


def border_cost(atom: Atom) -> float:
    """What a break after the atom costs."""
    return _BORDER_COST[atom.after]


def text_of(atoms: Sequence[Atom]) -> str:
    """The atoms as they stood in the text."""
    return "".join(atom.text + " " * atom.space for atom in atoms).rstrip(" ")
