"""Whether another live session may be opened."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence

from parley.errors import LiveOverloaded, TooManySessions
from parley.live.options import LiveLimits
from parley.live.session import Session
from parley.telemetry.percentile import percentile

LATELY_S = 3.0
"""What was longer ago keeps nobody out."""

MOST_NOTES = 64


class Admission:
    """Refuses by number, and by how late the sessions are that are open. `refused` counts."""

    def __init__(self, limits: LiveLimits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._lateness = _Lateness(clock)
        self.refused = 0

    def note(self, sessions: Collection[Session]) -> None:
        """See how late everybody is."""
        self._lateness.note([session.inlet.lateness_s() for session in sessions])

    def admit(self, user: str, sessions: Collection[Session], opening: int) -> None:
        """Raises TooManySessions or LiveOverloaded; `opening` sessions are on their way."""
        mine = sum(session.user == user for session in sessions)
        limits = self._limits
        if len(sessions) + opening >= limits.max_sessions or mine >= limits.max_sessions_per_user:
            self.refused += 1
            raise TooManySessions("As many live sessions are open as may be; end one, or try again later.")
        if sessions and self._lateness.p95_s() > limits.max_lag_s:
            self.refused += 1
            raise LiveOverloaded("The live sessions that are open take all the time; try again later.")


class _Lateness:
    """How late sessions were within the last seconds."""

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
