"""Where sentences end, in English and in Chinese."""

from __future__ import annotations

import re
from itertools import pairwise

_END = re.compile(r"""(?P<mark>[.!?。！？…‼⁇]+)["'”’」』》）)\]]*(?P<space>\s*)""")
"""Marks that may end a sentence, the quotes and brackets that close with it, and the space behind."""

_CHINESE_MARKS = frozenset("。！？…")

_TITLES = re.compile(
    r"(?:mr|mrs|ms|messrs|mme|mlle|dr|prof|rev|hon|st|sr|jr|gen|col|capt|lt|sgt|maj|gov"
    r"|vs|e\.g|i\.e|cf|approx|dept|fig|vol|inc|ltd|corp)",
    re.IGNORECASE,
)
"""Abbreviations that a capital letter or a number commonly follows within a sentence."""

_LAST_WORD = re.compile(r"[^\W_](?:[\w.]*[^\W_])?$")


def split_sentences(text: str) -> list[str]:
    """The sentences of a text, with the space behind each: joined they are the text again.

    Chinese marks always end a sentence. A full stop does so before space and anything but a
    lower-case letter, not behind a title ("Mr.") or an initial ("J. Smith"), not in a number.
    """
    cuts = [match.end() for match in _END.finditer(text) if _ends(text, match)]
    borders = [0, *(cut for cut in cuts if text[cut:].strip()), len(text)]
    return [text[a:b] for a, b in pairwise(borders) if b > a]


def ends_sentence(text: str) -> bool:
    """Whether the last sentence of a text is complete."""
    matches = [match for match in _END.finditer(text) if match.end() == len(text)]
    return bool(matches) and _ends(text, matches[-1])


def _ends(text: str, match: re.Match[str]) -> bool:
    mark, after = match["mark"], text[match.end() : match.end() + 1]
    if mark != "…" and not _CHINESE_MARKS.isdisjoint(mark):
        return True
    if after and (not match["space"] or after.islower()):
        return False
    return mark != "." or not _is_abbreviated(text[max(0, match.start() - 12) : match.start()])


def _is_abbreviated(before: str) -> bool:
    """Whether the word in front of a full stop is a title or a single capital letter (but not "I")."""
    found = _LAST_WORD.search(before)
    if found is None:
        return False
    word = found.group()
    return _TITLES.fullmatch(word) is not None or (len(word) == 1 and word.isupper() and word != "I")
