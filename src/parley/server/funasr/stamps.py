"""Times of words as FunASR tells them: pairs of milliseconds in a string, and the same by clauses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from parley.formats.text import is_cjk
from parley.speech.transcript import Word
from parley.wire.funasr.server import StampedSentence

_CLAUSE_ENDS = "，。？！、；：,.?!;:"
_PAGE_BREAKS = re.compile("[。？，、?. ,]")
_PAGE_WORD = re.compile("[a-zA-Z]+")

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Stamped:
    """A word, or one character of a script without blanks, with its milliseconds."""

    text: str
    start: int
    end: int

    @property
    def pair(self) -> Pair:
        """Start and end."""
        return self.start, self.end


def stamped(words: Iterable[Word], offset_s: float = 0.0) -> list[Stamped]:
    """The words one by one, without punctuation; characters of one word share its time evenly."""
    found: list[Stamped] = []
    for word in words:
        units = list(_units(word.text))
        span = (word.end - word.start) / max(1, len(units))
        for index, unit in enumerate(units):
            start = offset_s + word.start + index * span
            found.append(Stamped(unit, round(1000 * start), round(1000 * (start + span))))
    return found


def _units(text: str) -> Iterator[str]:
    run = ""
    for character in text:
        if character.isspace() or (is_cjk(character) and not character.isalnum()):
            if run:
                yield run
            run = ""
        elif is_cjk(character):
            if run:
                yield run
            run = ""
            yield character
        else:
            run += character
    if any(character.isalnum() for character in run):
        yield run.strip(_CLAUSE_ENDS + '"()')


def timestamp(text: str, words: Sequence[Stamped]) -> str | None:
    """The pairs as a JSON string; None where there are none.

    FunASR's page counts a word that is not all letters (`don't`, `3.5`) as so many characters, and
    stops at a pair that is missing: then the last one is repeated at the end.
    """
    if not words:
        return None
    pairs = [list(word.pair) for word in words]
    last = pairs[-1][1]
    pairs += [[last, last]] * (pairs_read_by_page(text) - len(pairs))
    return json.dumps(pairs, separators=(",", ":"))


def pairs_read_by_page(text: str) -> int:
    """How many pairs FunASR's page wants to find for a text."""
    at = most = 0
    for part in filter(None, _PAGE_BREAKS.split(text)):
        most = at + 1
        at += 1 if _PAGE_WORD.fullmatch(part) else len(part)
    return most


def clauses(text: str, words: Sequence[Stamped]) -> tuple[StampedSentence, ...] | None:
    """The words between signs of punctuation."""
    found: list[StampedSentence] = []
    clause: list[Stamped] = []
    cursor, small = 0, text.casefold()
    for index, word in enumerate(words):
        clause.append(word)
        at = small.find(word.text.casefold(), cursor)
        if at >= 0:
            cursor = at + len(word.text)
        sign = _sign_after(text, cursor, words[index + 1].text if index + 1 < len(words) else "")
        if sign or index + 1 == len(words):
            found.append(_clause(clause, sign))
            clause = []
    return tuple(found) or None


def _sign_after(text: str, cursor: int, following: str) -> str:
    """The sign that stands between a word and the next."""
    for character in text[cursor:]:
        if character in _CLAUSE_ENDS:
            return character
        if character.isalnum() or (following and character == following[0]):
            return ""
    return ""


def _clause(words: Sequence[Stamped], sign: str) -> StampedSentence:
    return StampedSentence(
        text_seg=" ".join(word.text for word in words),
        punc=sign,
        start=words[0].start,
        end=words[-1].end,
        ts_list=tuple(word.pair for word in words),
    )
