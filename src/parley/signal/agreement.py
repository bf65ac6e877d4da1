"""How much of a growing utterance's text will stay, and a final text that keeps it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_UNSPACED = r"\u0e01-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_WORD = re.compile(rf"[{_UNSPACED}][\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]*|[^\s{_UNSPACED}]+")
"""A character of a script without spaces, or anything up to white space."""

HELD_BACK = 1
"""Words at the end of a text that are never stable: what is said there may not be over."""

MOST_ALIGNED = 400
"""Words that are aligned one by one; what is longer is taken word for word."""


@dataclass(frozen=True, slots=True)
class _Word:
    """`bare` is what two decodes are compared by; the letters end at `end`, marks may follow."""

    bare: str
    end: int


class Agreement:
    """Compares the texts of an utterance that is decoded again while it grows.

    Words that two texts in a row agree on are stable, but for the last ones; in scripts without spaces
    characters are. The stable text grows and changes no more: what a later text has in its place is lost.
    """

    def __init__(self) -> None:
        self._stable = ""
        self._before: list[_Word] = []

    @property
    def stable(self) -> str:
        """The text that will stay."""
        return self._stable

    def take(self, hypothesis: str) -> tuple[str, int]:
        """The text to show for a decode's, and how many of its characters are stable."""
        text = self.settle(hypothesis.strip())
        words = _words(text)
        agreed = _agreed(self._before, words)
        count = min(agreed, max(0, len(words) - HELD_BACK))
        if count and words[count - 1].end > len(self._stable):
            self._stable = text[: words[count - 1].end]
        self._before = words
        return text, len(self._stable)

    def settle(self, final: str) -> str:
        """The final text, with the stable characters kept."""
        if final.startswith(self._stable):
            return final
        kept, words = _words(self._stable), _words(final)
        after = _aligned(kept, words)
        rest = final[words[after - 1].end :] if after else final
        if not after and rest and _is_spaced(self._stable, rest):
            rest = f" {rest}"
        return self._stable + rest.rstrip()


def _words(text: str) -> list[_Word]:
    found = ((match.group(), match.start()) for match in _WORD.finditer(text))
    return [_Word(_bare(word), start + len(_trimmed(word))) for word, start in found if _bare(word)]


def _bare(word: str) -> str:
    return "".join(char for char in word.casefold() if unicodedata.category(char)[0] in "LNM")


def _trimmed(word: str) -> str:
    end = len(word)
    while end and unicodedata.category(word[end - 1])[0] not in "LNM":
        end -= 1
    return word[:end]


def _is_spaced(before: str, after: str) -> bool:
    return not (re.match(f"[{_UNSPACED}]", before[-1]) and re.match(f"[{_UNSPACED}]", after))


def _agreed(one: Sequence[_Word], other: Sequence[_Word]) -> int:
    """The words that both begin with."""
    count = 0
    while count < min(len(one), len(other)) and one[count].bare == other[count].bare:
        count += 1
    return count


def _aligned(kept: Sequence[_Word], words: Sequence[_Word]) -> int:
    """How many of `words` say what `kept` says: fewest edits, then the number nearest to that of `kept`."""
    same = _agreed(kept, words)
    kept, words = kept[same:], words[same:]
    if max(len(kept), len(words)) > MOST_ALIGNED:
        return same + min(len(kept), len(words))
    costs = list(range(len(words) + 1))
    for row, one in enumerate(kept, start=1):
        before, costs = costs, [row]
        for column, other in enumerate(words):
            swap = before[column] + (one.bare != other.bare)
            costs.append(min(swap, before[column + 1] + 1, costs[column] + 1))
    return same + min(range(len(costs)), key=lambda at: (costs[at], abs(at - len(kept)), at))
