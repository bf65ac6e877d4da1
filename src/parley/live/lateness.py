"""How late live sessions are of late, so that no more are admitted than can be served."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from parley.telemetry.percentile import percentile

LATELY_S = 3.0
MOST_NOTES = 64


class Lateness:
    """What was noted within the last seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._notes: deque[tuple[float, tuple[float, ...]]] = deque(maxlen=MOST_NOTES)

    def note(self, seconds: Sequence[float]) -> None:
        """How late each session is now."""
        self._notes.append((self._clock(), tuple(seconds)))

    def p95_s(self) -> float:
        """What 95 of 100 stay below."""
        since = self._clock() - LATELY_S
        return percentile([each for at, seconds in self._notes if at >= since for each in seconds], 0.95)
