"""Counts of conversations since the start."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from parley.assistant.contract import AssistantStats
from parley.assistant.events import Trouble, TurnMetrics

MOST_RECENT = 100
"""Turns whose metrics are kept at hand."""


class Tally:
    """What all conversations came to; `told` is called with each of it."""

    def __init__(self, told: Callable[[TurnMetrics | Trouble], None] | None = None) -> None:
        self._told = told
        self.opened = self.refused = 0
        self._turns = self._interrupted = self._errors = 0
        self._recent: deque[TurnMetrics] = deque(maxlen=MOST_RECENT)

    def measured(self, metrics: TurnMetrics) -> None:
        """A turn is over."""
        self._turns += 1
        self._interrupted += metrics.interrupted
        self._recent.append(metrics)
        self._tell(metrics)

    def troubled(self, trouble: Trouble) -> None:
        """Something failed that a conversation survived."""
        self._errors += 1
        self._tell(trouble)

    def _tell(self, event: TurnMetrics | Trouble) -> None:
        if self._told is not None:
            self._told(event)

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
