"""Beam search over a decoder that is asked for one token at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]
"""Unnormalised log-probabilities of the next token, shape (hypotheses, vocabulary)."""

Step = Callable[[Sequence[int], Sequence[int]], Scores]
"""Takes the rows of the previous call to go on from and the token each is given; gives the scores
after it, row by row."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Tokens and the natural logarithm of each one's probability."""

    tokens: tuple[int, ...] = ()
    logs: tuple[float, ...] = ()
    total: float = 0.0

    def extended(self, token: int, log: float) -> Hypothesis:
        """The same with one token more."""
        return Hypothesis((*self.tokens, token), (*self.logs, log), self.total + log)

    @property
    def mean(self) -> float:
        """Mean log-probability of a token."""
        return self.total / max(1, len(self.logs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Beam:
    """How far the search looks: at most `width` hypotheses, none more than `slack` (in nats) behind
    the best one, and at most `longest` tokens."""

    end_token: int
    longest: int
    width: int = 4
    slack: float = 2.5


def search(scores: Scores, step: Step, beam: Beam) -> Hypothesis:
    """The text with the best mean log-probability; `scores` (1, vocabulary) are those of its start.

    The hypothesis holds the end token where the text ended by itself.
    """
    alive = [Hypothesis()]
    best: Hypothesis | None = None
    while True:
        rows, grown = _grow(alive, scores, beam)
        ended = [hypothesis for hypothesis in grown if hypothesis.tokens[-1] == beam.end_token]
        best = max([*ended, *([best] if best else [])], key=lambda h: h.mean, default=None)
        going = [
            (row, hypothesis)
            for row, hypothesis in zip(rows, grown, strict=True)
            if hypothesis.tokens[-1] != beam.end_token
        ]
        if not going or (best and best.mean >= going[0][1].mean):
            return best or Hypothesis()
        alive = [hypothesis for _, hypothesis in going]
        if len(alive[0].tokens) >= beam.longest:
            return best or alive[0]
        scores = step([row for row, _ in going], [hypothesis.tokens[-1] for hypothesis in alive])


def _grow(alive: Sequence[Hypothesis], scores: Scores, beam: Beam) -> tuple[list[int], list[Hypothesis]]:
    """The best continuations, best first, and the row each one comes from."""
    grown = [
        (row, hypothesis.extended(token, log))
        for row, hypothesis in enumerate(alive)
        for token, log in _likely(scores[row], beam)
    ]
    grown.sort(key=lambda pair: -pair[1].total)
    grown = grown[: beam.width]
    floor = grown[0][1].total - beam.slack
    kept = [pair for pair in grown if pair[1].total >= floor]
    return [row for row, _ in kept], [hypothesis for _, hypothesis in kept]


def _likely(scores: Scores, beam: Beam) -> list[tuple[int, float]]:
    """Tokens with their log-probabilities: at most `width`, within `slack` of the likeliest."""
    top = float(scores.max())
    total = top + float(np.log(np.exp(scores - top).sum()))
    tokens = np.flatnonzero(scores >= top - beam.slack)
    order = np.argsort(-scores[tokens], kind="stable")[: beam.width]
    return [(int(token), float(scores[token]) - total) for token in tokens[order]]
