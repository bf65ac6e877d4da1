"""Tells the assistant's own words, picked up by the microphone, from somebody who interrupts it."""

from __future__ import annotations

import re
from collections import Counter

from parley.signal.tokens import is_unspaced

ENOUGH = 0.6
"""Share of the recognised words that the loudspeaker has just said: a recogniser mishears some of an echo,
and whoever interrupts uses other words."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words_of(text: str) -> list[str]:
    """Words in lower case; of a script without spaces each character."""
    found: list[str] = []
    for run in _WORD.findall(text.casefold()):
        if any(is_unspaced(char) for char in run):
            found.extend(run)
        else:
            found.append(run)
    return found


def is_echo(said: str, playing: str) -> bool:
    """Whether what was recognised is what is being played."""
    words = words_of(said)
    if not words:
        return False
    common = Counter(words) & Counter(words_of(playing))
    return common.total() >= ENOUGH * len(words)


def same_words(one: str, other: str) -> bool:
    """Whether two texts differ in marks and capitals at most."""
    return words_of(one) == words_of(other)
