"""How far ahead of the loudspeaker audio is told to a client that asked for it."""

from __future__ import annotations

AHEAD_S = 1.5
"""What the protocol promises."""


class Pace:
    """Knows when a client has heard everything it was told, if it plays without a pause."""

    def __init__(self, ahead_s: float = AHEAD_S) -> None:
        self._ahead_s = ahead_s
        self._heard_at: float | None = None

    def wait_s(self, now: float, seconds: float) -> float:
        """How long a piece of so many seconds has to wait."""
        return max(0.0, self._ends(now) + seconds - now - self._ahead_s)

    def told(self, now: float, seconds: float) -> None:
        """A piece was told."""
        self._heard_at = self._ends(now) + seconds

    def _ends(self, now: float) -> float:
        # After a gap the client plays on from now.
        return now if self._heard_at is None else max(self._heard_at, now)
