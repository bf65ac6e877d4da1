"""Counts of conversations since the start."""

from __future__ import annotations

from collections import deque

from parley.assistant.contract import AssistantStats
from parley.assistant.events import TurnMetrics

MOST_RECENT = 100
"""Turns whose metrics are kept at hand."""


class Tally:
    """What all conversations came to."""

    def __init__(self) -> None:
        self.opened = self.refused = 0
        self._turns = self._interrupted = self._errors = 0
        self._recent: deque[TurnMetrics] = deque(maxlen=MOST_RECENT)

    def measured(self, metrics: TurnMetrics) -> None:
        """A turn is over."""
        self._turns += 1
        self._interrupted += metrics.interrupted
        self._recent.append(metrics)

    def troubled(self) -> None:
        """Something failed that a conversation survived."""
        self._errors += 1

    def stats(self, sessions: int) -> AssistantStats:
        """See AssistantRoom; `sessions` are open."""
        return AssistantStats(
            sessions=sessions,
            opened=self.opened,
            refused=self.refused,
            turns=self._turns,
            interrupted=self._interrupted,
            errors=self._errors,
            recent=tuple(self._recent),
        )
