"""Where a sentence that is too long, or that has to begin early, is cut."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from parley.synthesis.languages import is_wide

WIDE_WEIGHT = 3
"""A Chinese character takes about as long to say as three Latin letters."""

_CLOSERS = "\"'”’」』）》】〕〉)\\]}»"
_COMMA = re.compile(rf"[，、；：—…][{_CLOSERS}]*|[,;:][{_CLOSERS}]*(?=\s)")
_END = re.compile(rf"[。！？!?]+[{_CLOSERS}]*|\.[{_CLOSERS}]*(?=\s)")
_SPACE = re.compile(r"\s+")

_LEAST_SHARE = 4
"""A cut at a better sign is not worth a clause that is shorter than this part of what may be."""


def weight(text: str) -> int:
    """How long it takes to say, in Latin letters."""
    return sum(WIDE_WEIGHT if is_wide(character) else 1 for character in text)


def commas(text: str) -> Iterator[int]:
    """Where a part of a sentence ends, closing quotes included; not the commas of numbers. One whose closing
    quote may still come, at the end of the text, is none."""
    return (found.end() for found in _COMMA.finditer(text) if found.end() < len(text))


def cut(text: str, most: int) -> int:
    """How many characters, `most` at most, of a text that is longer make a clause."""
    least = max(1, most // _LEAST_SHARE)
    for sign in (_END, _COMMA, _SPACE):
        # One character more, since a comma is known by what follows it.
        ends = [found.end() for found in sign.finditer(text, 0, most + 1) if least <= found.end() <= most]
        if ends:
            return ends[-1]
    return _border(text, most, least)


def _border(text: str, most: int, least: int) -> int:
    """The last place that parts no word, or at least no letter from its accents."""
    for fits in (_parts_no_word, _parts_no_letter):
        for at in range(most, least - 1, -1):
            if fits(text, at):
                return at
    return most


def _parts_no_word(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    is_inside = before.isalnum() and after.isalnum() and not (is_wide(before) or is_wide(after))
    return not is_inside and _parts_no_letter(text, at)


def _parts_no_letter(text: str, at: int) -> bool:
    # A mark belongs to the letter before it, what follows a joiner to both.
    return not unicodedata.category(text[at]).startswith("M") and "\u200d" not in text[at - 1 : at + 1]
