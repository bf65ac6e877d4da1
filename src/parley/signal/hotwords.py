"""Hotwords written as a transducer of Chinese characters and English pieces takes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_LATIN = re.compile(r"[A-Z']+")
_SEPARATORS = re.compile(r"[/\s]+")
_OTHER = re.compile(r"[^A-Z']")

MOST_SCORE = 20.0
"""A larger bonus would write the hotword into silence."""


class Phrasebook:
    """What a model can be asked to favour, by the lines of its `tokens.txt`: a symbol and its number."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._symbols = {line.split()[0] for line in lines if line.strip()}

    def phrases(self, hotwords: Sequence[tuple[str, float]], score: float) -> str:
        """All that the model can spell, each with its bonus per token: "PARLEY :3.00/你好 :1.50".

        A negative weight makes a word less likely.
        """
        return "/".join(
            f"{spelt} :{max(-MOST_SCORE, min(score * weight, MOST_SCORE)):.2f}"
            for word, weight in hotwords
            if (spelt := self._spelt(word))
        )

    def strange(self, hotwords: Sequence[tuple[str, float]]) -> int:
        """How many the model cannot spell."""
        return sum(not self._spelt(word) for word, _ in hotwords)

    def _spelt(self, word: str) -> str:
        """The word in capitals, as the model was trained; "" where it has a sign the model does not know."""
        capital = _SEPARATORS.sub(" ", word.upper()).strip()
        others = set(_OTHER.findall(capital)) - {" "}
        return capital if others <= self._symbols else ""
