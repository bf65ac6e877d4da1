"""Text that comes piece by piece is cut into clauses, the units that an engine says."""

from __future__ import annotations

import re
from collections.abc import Iterable

from parley.synthesis.cutting import commas, cut, weight
from parley.synthesis.languages import is_wide

FIRST_WEIGHT = 24
"""Letters (see `weight`) after which the first clause of a text may end at a comma: five words, a second and
a half of speech, in which the next clause is made by any engine that is faster than speech."""

WHOLE_WEIGHT = 72
"""A first sentence that is complete and no longer than this is said in one piece."""

TINY_WEIGHT = 12
"""A sentence that is shorter ("OK.") is joined with the next one, where that is there already."""

_STAR = "\ue000"
"""In the place of stars: the detector would take those of "5 * 3 * 2" away."""

_NO_END = re.compile(
    r"(?:^|[\s(\"'“‘])(?:\d{1,3}|[A-Za-z]|e\.\s?g|i\.\s?e|a\.\s?k\.\s?a|U\.\s?S|vs|cf|etc|approx|fig|figs|pp|"
    r"eq|vol|prof|messrs|capt|sgt|rev|hon|gen|inc|ltd|dept|est|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
    r"\.[\"')\]]*$",
    re.IGNORECASE,
)
"""Abbreviations and numbers before a full stop: what looks like a sentence goes on. Of those with three
letters that begin with a capital the detector knows itself."""


class ClauseSplitter:
    """Takes pieces of a text that is fit to be spoken, gives clauses of `most_chars` at most.

    A clause is a sentence where that is possible. The first one may end at a comma, so that there is
    something to hear early. Which clauses there are may depend on when the pieces came, what they say does
    not: nothing but space between words is lost.
    """

    def __init__(self, most_chars: int) -> None:
        # Loaded here: it brings a library of regular expressions, which a server needs with the first text.
        from sentence_stream import SentenceBoundaryDetector

        self._most = max(1, most_chars)
        self._detector = SentenceBoundaryDetector()
        self._waiting = ""
        self._is_first = True

    def feed(self, text: str) -> list[str]:
        """The clauses that are whole with this piece."""
        sentences = self._detector.add_chunk(text.replace(_STAR, "").replace("*", _STAR))
        clauses = self._clauses(sentences)
        return [*clauses, *self._early()]

    def flush(self) -> list[str]:
        """The rest, as if the text were over; the next piece begins a sentence."""
        rest = self._detector.finish()
        clauses = self._clauses([rest] if rest else [])
        if self._waiting:
            clauses += self._cut(self._take_waiting())
        return clauses

    def _clauses(self, sentences: Iterable[str]) -> list[str]:
        """Sentences joined where they are tiny or no sentences, and cut where they are too long."""
        found: list[str] = []
        whole: str = ""
        for sentence in sentences:
            whole = _joined(self._take_waiting() or whole, sentence)
            if _NO_END.search(whole):
                self._waiting, whole = whole, ""
            elif weight(whole) >= TINY_WEIGHT:
                found += self._cut(whole)
                whole = ""
        return [*found, *self._cut(whole)] if whole else found

    def _take_waiting(self) -> str:
        waiting, self._waiting = self._waiting, ""
        return waiting

    def _early(self) -> list[str]:
        """What can be said of a sentence that goes on: its first part, or as much as an engine takes."""
        rest = _joined(self._waiting, self._detector.current_sentence + self._detector.remaining_text)
        found: list[str] = []
        while rest:
            at = self._first_comma(rest) if self._is_first else None
            if at is None and len(_plain(rest)) > self._most:
                at = cut(rest, self._most)
            if at is None:
                break
            found += self._said(rest[:at])
            rest = rest[at:].lstrip()
            self._waiting = self._detector.current_sentence = ""
            self._detector.remaining_text = rest
        return found

    def _first_comma(self, text: str) -> int | None:
        return next(
            (at for at in commas(text) if weight(text[:at]) >= FIRST_WEIGHT and at <= self._most), None
        )

    def _cut(self, sentence: str) -> list[str]:
        found: list[str] = []
        rest = _plain(sentence)
        if self._is_first and weight(rest) > WHOLE_WEIGHT and (at := self._first_comma(rest)) is not None:
            found += self._said(rest[:at])
            rest = rest[at:].lstrip()
        while len(rest) > self._most:
            at = cut(rest, self._most)
            found += self._said(rest[:at])
            rest = rest[at:].lstrip()
        return [*found, *self._said(rest)]

    def _said(self, text: str) -> list[str]:
        clause = _plain(text).replace(_STAR, "*")
        if not clause:
            return []
        self._is_first = False
        return [clause]


def _plain(text: str) -> str:
    """Space is one space, and none before a pause that ends the cell of a table."""
    return " ".join(text.split()).replace(" , ", ", ")


def _joined(first: str, second: str) -> str:
    if not (first and second):
        return first or second
    return first + second if is_wide(first[-1]) or is_wide(second[0]) else f"{first} {second}"
