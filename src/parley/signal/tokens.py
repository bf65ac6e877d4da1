"""Tokens of a text with times: words where letters need spaces, characters where they do not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from parley.speech.transcript import Word

_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_TOKEN = re.compile(rf"\s*(?:[{_UNSPACED}][^\s\w]*|[^\s{_UNSPACED}]+)\s*")
"""A Chinese character or kana with the punctuation behind it, or anything up to white space."""

_CHINESE_WEIGHT = 4.0
"""A Chinese syllable takes about as long as four Latin letters: Mandarin is read at 4 to 5 syllables
a second, English at about 15 letters plus spaces."""


@dataclass(frozen=True, slots=True)
class Token:
    """`text`, with the white space around it, is spoken from `start` to `end` (seconds).

    `word` is the recogniser's own word, where it gave one.
    """

    text: str
    start: float
    end: float
    word: Word | None = None

    @property
    def middle(self) -> float:
        """Half-way between start and end, in seconds."""
        return (self.start + self.end) / 2


def is_unspaced(text: str) -> bool:
    """Whether a text ends in a script that is written without spaces, punctuation not counted."""
    letters = [char for char in text if unicodedata.category(char)[0] in "LN"]
    return bool(letters) and re.match(f"[{_UNSPACED}]", letters[-1]) is not None


def is_said(text: str) -> bool:
    """Whether there is more than marks in a text: a full stop alone is what recognisers make of silence."""
    return any(unicodedata.category(char)[0] in "LN" for char in text)


def join_texts(texts: Sequence[str]) -> str:
    """Texts in a row: a space between them, but none behind a script that is written without."""
    stripped = [text.strip() for text in texts if text.strip()]
    spaced = [text if is_unspaced(text) else f"{text} " for text in stripped[:-1]]
    return "".join([*spaced, *stripped[-1:]])


def spread_tokens(text: str, start: float, end: float) -> list[Token]:
    """Tokens of a text whose words have no times of their own: seconds in proportion to letters.

    Joined, the tokens are the text again (but for a text of nothing but white space).
    """
    cuts = _TOKEN.findall(text)
    weights = [_weight(cut) for cut in cuts]
    total = sum(weights) or 1.0
    tokens: list[Token] = []
    spent = 0.0
    for cut, weight in zip(cuts, weights, strict=True):
        until = spent + weight
        tokens.append(
            Token(cut, start + (end - start) * spent / total, start + (end - start) * until / total)
        )
        spent = until
    return tokens


def _weight(text: str) -> float:
    letters = [char for char in text if unicodedata.category(char)[0] in "LN"]
    return sum(_CHINESE_WEIGHT if re.match(f"[{_UNSPACED}]", char) else 1.0 for char in letters) + 1.0


def tokens_of_words(text: str, words: Sequence[Word]) -> list[Token]:
    """Tokens with the times of `words`, found one after another in `text`.

    What lies between two words (punctuation, spaces) belongs to the one before; words that are
    not in the text are passed over. Joined, the tokens are the text again, if any word is in it.
    """
    found = list(_locate(text, words))
    borders = [0, *(begin for begin, _ in found[1:]), len(text)]
    return [
        Token(text[borders[index] : borders[index + 1]], word.start, word.end, word)
        for index, (_, word) in enumerate(found)
    ]


def _locate(text: str, words: Sequence[Word]) -> Iterator[tuple[int, Word]]:
    cursor = 0
    folded = text.casefold() if len(text.casefold()) == len(text) else text
    for word in words:
        bare = word.text.strip()
        at = folded.find(bare.casefold() if folded is not text else bare, cursor) if bare else -1
        if at >= 0:
            yield at, word
            cursor = at + len(bare)
