"""When each piece of a segment was said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from itertools import accumulate, pairwise

from parley.formats.breaks import Atom
from parley.formats.clock import span_ms
from parley.speech.transcript import Word

Times = tuple[int, int]

_MAX_COMPARED_LETTERS = 1000
"""Comparing takes up to the square of this; a longer segment is spread in proportion instead."""


def atom_times(atoms: Sequence[Atom], span: Times, words: Sequence[Word] | None) -> list[Times]:
    """Start and end of every atom in whole milliseconds, in order and inside `span`.

    Words (or longer phrases) give their times to the letters they share with the text, whatever
    punctuation or number format was put between; the rest shares the time that is left in
    proportion to width.
    """
    known = _ordered(_known_times(atoms, words or ()), span)
    times: list[Times] = []
    while len(times) < len(atoms):
        first = len(times)
        given = known[first]
        if given:
            times.append(given)
            continue
        last = next((place for place in range(first, len(known)) if known[place]), len(known))
        border = known[last] if last < len(known) else None
        times += _shared(
            atoms[first:last], times[-1][1] if times else span[0], border[0] if border else span[1]
        )
    return times


def _known_times(atoms: Sequence[Atom], words: Sequence[Word]) -> list[Times | None]:
    text = [(letter, index) for index, atom in enumerate(atoms) for letter in _letters(atom.text)]
    spoken = [letter for word in words for letter in _timed_letters(word)]
    known: list[Times | None] = [None] * len(atoms)
    for here, there in _matches([letter for letter, _ in text], [letter for letter, _, _ in spoken]):
        index, (_, start, end) = text[here][1], spoken[there]
        before = known[index]
        known[index] = (before[0] if before else start, end)
    return known


def _letters(text: str) -> list[str]:
    return [character.lower() for character in text if character.isalnum()]


def _timed_letters(word: Word) -> list[tuple[str, int, int]]:
    letters = _letters(word.text)
    start, end = span_ms(word.start, word.end)
    steps = [start + (end - start) * index // max(1, len(letters)) for index in range(len(letters) + 1)]
    return [(letter, steps[index], steps[index + 1]) for index, letter in enumerate(letters)]


def _matches(text: list[str], spoken: list[str]) -> Iterable[tuple[int, int]]:
    if text == spoken:
        return ((index, index) for index in range(len(text)))
    if not spoken or max(len(text), len(spoken)) > _MAX_COMPARED_LETTERS:
        return ()
    blocks = SequenceMatcher(None, text, spoken, autojunk=False).get_matching_blocks()
    return ((block.a + step, block.b + step) for block in blocks for step in range(block.size))


def _ordered(known: list[Times | None], span: Times) -> list[Times | None]:
    """Known times moved into the span and into order; starts are trusted more than ends."""
    ordered: list[Times | None] = [None] * len(known)
    latest_end = span[1]
    for index in range(len(known) - 1, -1, -1):
        given = known[index]
        if given:
            start = min(max(given[0], span[0]), latest_end)
            ordered[index] = (start, min(max(given[1], start), latest_end))
            latest_end = start
    return ordered


def _shared(atoms: Sequence[Atom], start: int, end: int) -> list[Times]:
    """The time between two known ones, divided by width."""
    parts = [max(1, atom.width) for atom in atoms]
    total = sum(parts)
    return list(pairwise(start + (end - start) * done // total for done in accumulate(parts, initial=0)))
