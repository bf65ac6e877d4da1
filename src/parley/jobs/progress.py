"""How far a piece of work is, in hundredths, and in a sentence. Pure: it is told the time.

  0 .. 10   by elapsed time, until the first speech is recognised
 10 .. 99   seconds of speech recognised of all there are
100         written down
"""

from __future__ import annotations

import math

from parley.batch.events import Advanced, Event, Heard, Notice, Stage

HEAD_START = 10.0
_BEFORE_SPEECH = 9.0
_ALMOST = 99.0
_SETTLING_S = 30.0
"""After so many seconds two thirds of what elapsed time may show are used up."""

WAITING = "Waiting for its turn."
READING = "Reading the recording."
ATTRIBUTING = "All speech is recognised; finishing the transcript."
RETRYING = "Something failed that may pass; trying again."
DONE = "The transcript is ready."


class Progress:
    """Whole hundredths, so that there is an end to what has to be written down; never less than before."""

    def __init__(self, reached: float = 0.0) -> None:
        self._reached = reached
        self._began: float | None = None
        self._done_s = self._total_s = 0.0
        self.message = WAITING

    def begin(self, now: float) -> None:
        """The work starts, or starts again."""
        self._began = now
        self.message = READING

    def happened(self, event: Event) -> None:
        """Something was told by the recipe."""
        match event:
            case Advanced(Stage.RECOGNISE, done_s, total_s) if total_s > 0:
                self._done_s, self._total_s = done_s, total_s
                self.message = _said(done_s, total_s)
            case Notice(message):
                self.message = message
            case Advanced() | Heard():
                pass

    def at(self, now: float) -> float:
        """How far it is, 0 to 99."""
        self._reached = max(self._reached, math.floor(self._measured(now)))
        return self._reached

    def _measured(self, now: float) -> float:
        if self._total_s > 0 and self._done_s > 0:
            share = min(1.0, self._done_s / self._total_s)
            return HEAD_START + (_ALMOST - HEAD_START) * share
        if self._began is None:
            return 0.0
        return _BEFORE_SPEECH * (1 - math.exp(-max(0.0, now - self._began) / _SETTLING_S))


def _said(done_s: float, total_s: float) -> str:
    if done_s >= total_s:
        return ATTRIBUTING
    return f"{_clock(done_s)} of {_clock(total_s)} of speech recognised."


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
