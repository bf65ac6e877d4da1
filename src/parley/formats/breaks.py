"""Cuts a text into what stays together in a line.

Words are never broken, unless one is wider than a line: then it is cut between characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from parley.formats.borders import CLOSING, NO_BEGIN, OPENING, Border, is_glued, quality
from parley.formats.text import clusters, columns, is_cjk


@dataclass(frozen=True, slots=True)
class Atom:
    """Text that stays in one line: its columns, whether a space follows, the border after it."""

    text: str
    width: int
    space: bool
    after: Border


def atoms(text: str, limit: int) -> list[Atom]:
    """Split a clean text into what stays together, no piece wider than `limit` columns."""
    return [piece for atom in _atoms(text) for piece in _cut(atom, limit)]


def _atoms(text: str) -> Iterator[Atom]:
    parts = clusters(text)
    cjk = _in_cjk_context(parts)
    first = 0
    for index, cluster in enumerate(parts[:-1]):
        if cluster == " ":
            continue
        space = parts[index + 1] == " "
        following = index + 1 + space
        left, right = cluster[0], parts[following][0]
        if not is_glued(left, right, space, cjk[index] or cjk[following]):
            before = "".join(parts[first : index + 1])
            yield Atom(before, columns(before), space, quality(before, left, right, space))
            first = following
    if parts:
        last = "".join(parts[first:])
        yield Atom(last, columns(last), False, Border.SENTENCE)


def _in_cjk_context(parts: list[str]) -> list[bool]:
    """Which characters break as Chinese does: its own, and the narrow punctuation that hangs on them."""
    cjk = [is_cjk(part) for part in parts]
    for index in range(1, len(parts)):
        cjk[index] |= cjk[index - 1] and parts[index] in CLOSING
    for index in range(len(parts) - 2, -1, -1):
        cjk[index] |= cjk[index + 1] and parts[index] in OPENING
    return cjk


def _cut(atom: Atom, limit: int) -> Iterator[Atom]:
    if atom.width <= limit:
        yield atom
        return
    parts = clusters(atom.text)
    widths = [columns(part) for part in parts]
    first, rest = 0, sum(widths)
    while rest > limit:
        end = _cut_place(parts, widths, first, limit)
        space = parts[end] == " "
        yield Atom("".join(parts[first:end]), sum(widths[first:end]), space, Border.CUT)
        rest -= sum(widths[first : end + space])
        first = end + space
    yield Atom("".join(parts[first:]), rest, atom.space, atom.after)


def _cut_place(parts: list[str], widths: list[int], first: int, limit: int) -> int:
    """Where a full line ends: before a space if there is one, else keeping kinsoku if that is near."""
    end, width = first + 1, widths[first]
    while width + widths[end] <= limit:
        width += widths[end]
        end += 1
    for place in range(end, first, -1):
        if parts[place] == " ":
            return place
    for place in range(end, (first + end) // 2, -1):
        if parts[place][0] not in NO_BEGIN and parts[place - 1][0] not in OPENING:
            return place
    return end
