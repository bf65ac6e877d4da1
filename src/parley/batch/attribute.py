"""Gives the words of a sentence to speakers; what comes out never crosses a speaker change."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from parley.batch.sentences import Sentence
from parley.speech.span import SpeakerTurn

LEAST_RUN_S = 0.6
"""A run of words shorter than this inside a sentence stays with its neighbour: the times of words
(spread by letters) and the borders of turns are both uncertain by about half of it."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Tokens `first` up to `after` of a sentence; `duration` in seconds."""

    first: int
    after: int
    speaker: int
    duration: float


class TurnLine:
    """Turns, sorted and disjoint, to be looked up by time."""

    def __init__(self, turns: Sequence[SpeakerTurn]) -> None:
        self._turns = turns
        self._starts = [turn.start for turn in turns]

    def speaker_at(self, moment: float) -> int:
        """Who speaks at a moment, or nearest to it."""
        after = bisect.bisect_right(self._starts, moment)
        beside = self._turns[max(0, after - 1) : after + 1]
        return min(beside, key=lambda turn: max(turn.start - moment, moment - turn.end, 0.0)).speaker

    def during(self, start: float, end: float) -> list[SpeakerTurn]:
        """Turns that have some time in common with a span."""
        first = max(0, bisect.bisect_right(self._starts, start) - 1)
        after = bisect.bisect_left(self._starts, end)
        return [turn for turn in self._turns[first:after] if turn.end > start]


def attribute(sentence: Sentence, turns: TurnLine | None) -> list[tuple[Sentence, int | None]]:
    """The sentence, cut where the speaker changes; None where nobody is told apart.

    A word outside every turn goes to the nearest one.
    """
    if turns is None:
        return [(sentence, None)]
    runs = _absorb(sentence, _runs(sentence, turns))
    return [(_clipped(sentence.part(run.first, run.after), run.speaker, turns), run.speaker) for run in runs]


def _runs(sentence: Sentence, turns: TurnLine) -> list[_Run]:
    speakers = [turns.speaker_at(token.middle) for token in sentence.tokens]
    groups = [list(group) for _, group in groupby(range(len(speakers)), key=speakers.__getitem__)]
    return [_run(sentence, group[0], group[-1] + 1, speakers[group[0]]) for group in groups]


def _run(sentence: Sentence, first: int, after: int, speaker: int) -> _Run:
    return _Run(first, after, speaker, sentence.tokens[after - 1].end - sentence.tokens[first].start)


def _absorb(sentence: Sentence, runs: list[_Run]) -> list[_Run]:
    """Give runs that are too short to the longer neighbour, the shortest first."""
    while len(runs) > 1:
        index = min(range(len(runs)), key=lambda at: runs[at].duration)
        if runs[index].duration >= LEAST_RUN_S:
            break
        beside = [at for at in (index - 1, index + 1) if 0 <= at < len(runs)]
        taker = runs[max(beside, key=lambda at: runs[at].duration)].speaker
        changed = [
            *runs[:index],
            _run(sentence, runs[index].first, runs[index].after, taker),
            *runs[index + 1 :],
        ]
        merged = [list(group) for _, group in groupby(changed, key=lambda run: run.speaker)]
        runs = [_run(sentence, group[0].first, group[-1].after, group[0].speaker) for group in merged]
    return runs


def _clipped(sentence: Sentence, speaker: int, turns: TurnLine) -> Sentence:
    """Without what reaches into another speaker's turn; words that have times of their own keep them."""
    during = turns.during(sentence.start, sentence.end)
    own = [index for index, turn in enumerate(during) if turn.speaker == speaker]
    if not own or sentence.words:
        return sentence
    start = during[own[0] - 1].end if own[0] > 0 else sentence.start
    end = during[own[-1] + 1].start if own[-1] + 1 < len(during) else sentence.end
    return sentence.clipped(start, end)
