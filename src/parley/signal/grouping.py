"""Which island of speech the words of a recogniser belong to, where it gave them times.

A recogniser's own times lie a little off: words begin in the silence in front of them, or last into
the one behind. What was spoken is spoken inside an island.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from parley.signal.repetition import cut_loops
from parley.signal.tokens import Token, is_said
from parley.speech.span import Span

LEAST_RUN_S = 0.02
"""What is left of a shorter run has no time of its own and is told together with the one before."""


@dataclass(frozen=True, slots=True)
class Run:
    """Words one after another in one island: `sentence` is where they were found."""

    tokens: tuple[Token, ...]
    sentence: int

    @property
    def span(self) -> Span:
        """From the first word to the last."""
        return Span(self.tokens[0].start, self.tokens[-1].end)

    @property
    def text(self) -> str:
        """The words, without white space around them."""
        return "".join(token.text for token in self.tokens).strip()


def runs_of(
    sentences: Iterable[Sequence[Token]], islands: Sequence[Span], *, may_loop: bool = True
) -> list[Run]:
    """Sentences cut at islands: every run inside one island, in order of time, none over another; none
    of nothing but marks.

    `islands` are sorted and disjoint. A word belongs to the island that its middle is next to, but
    never to one before that of the word in front. `may_loop` says that the recogniser writes word after
    word, and may lose itself in a loop, which is told once; what others repeat was said repeatedly.
    """
    spoken = [(number, token) for number, tokens in enumerate(sentences) for token in tokens]
    if may_loop:
        spoken = _without_loops(spoken)
    placed = _placed(spoken, islands)
    runs: list[Run] = []
    at, before = 0.0, -1
    for (island, number), members in groupby(placed, key=lambda entry: (entry[0], entry[1])):
        tokens = _squeezed(
            [token for _, _, token in members], max(at, islands[island].start), islands[island].end
        )
        run = Run(tuple(tokens), number)
        if run.span.duration < LEAST_RUN_S and island == before:
            runs[-1] = replace(runs[-1], tokens=(*runs[-1].tokens, *run.tokens))
        else:
            runs.append(run)
        at, before = run.span.end, island
    return [run for run in runs if is_said(run.text)]


def _without_loops(spoken: Sequence[tuple[int, Token]]) -> list[tuple[int, Token]]:
    numbers: dict[str, int] = {}
    words = [numbers.setdefault(token.text.strip().casefold(), len(numbers)) for _, token in spoken]
    return [spoken[index] for index in cut_loops(words)]


def _placed(spoken: Iterable[tuple[int, Token]], islands: Sequence[Span]) -> list[tuple[int, int, Token]]:
    placed: list[tuple[int, int, Token]] = []
    island = 0
    for number, token in spoken:
        island = nearest(islands, token.middle, island)
        placed.append((island, number, token))
    return placed


def nearest(islands: Sequence[Span], moment: float, first: int = 0) -> int:
    """The index of the island that a moment is next to, the earlier one of two, none before `first`."""
    index = first
    while index + 1 < len(islands) and _distance(islands[index + 1], moment) < _distance(
        islands[index], moment
    ):
        index += 1
    return index


def _distance(island: Span, moment: float) -> float:
    return max(island.start - moment, moment - island.end, 0.0)


def _squeezed(tokens: Sequence[Token], first: float, last: float) -> list[Token]:
    """The tokens between two moments, none before the end of the one in front.

    Where nothing of them lies between the two they are spread over what is there.
    """
    squeezed: list[Token] = []
    at = first
    for token in tokens:
        start = min(max(token.start, at), last)
        at = min(max(token.end, start), last)
        squeezed.append(_moved(token, start, at))
    if squeezed[-1].end - squeezed[0].start >= LEAST_RUN_S or last - first < LEAST_RUN_S:
        return squeezed
    step = (last - first) / len(tokens)
    return [
        _moved(token, first + step * index, min(last, first + step * (index + 1)))
        for index, token in enumerate(tokens)
    ]


def _moved(token: Token, start: float, end: float) -> Token:
    word = None if token.word is None else replace(token.word, start=start, end=end)
    return Token(token.text, start, end, word)
