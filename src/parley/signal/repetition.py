"""Loops of a decoder that has lost the thread."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST_UNIT = 24
"""Tokens in the longest repeated unit looked for: about a sentence of fifteen words."""

SPOKEN_REPEATS = 4
"""People do say "no, no, no, no"; more repeats in a row are taken for a loop and become one."""

SPOKEN_REPEATS_OF_PHRASE = 2
"""The same for units of `PHRASE` tokens or more."""

PHRASE = 6


def cut_loops(tokens: Sequence[int]) -> list[int]:
    """Indices of the tokens to keep: of a unit repeated in a row too often, its first occurrence."""
    kept: list[int] = []
    position = 0
    while position < len(tokens):
        unit, repeats = _loop_at(tokens, position)
        kept.extend(range(position, position + unit))
        position += unit * repeats
    return kept


def _loop_at(tokens: Sequence[int], position: int) -> tuple[int, int]:
    """Length of the unit that loops from `position` on, and how often it comes; (1, 1) for none."""
    for unit in range(1, LONGEST_UNIT + 1):
        repeats = _repeats(tokens, position, unit)
        if repeats > (SPOKEN_REPEATS_OF_PHRASE if unit >= PHRASE else SPOKEN_REPEATS):
            return unit, repeats
    return 1, 1


def _repeats(tokens: Sequence[int], position: int, unit: int) -> int:
    pattern = tokens[position : position + unit]
    count = 1
    while tokens[position + count * unit : position + (count + 1) * unit] == pattern:
        count += 1
    return count
