"""How long a download may take at each of its points."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Bounds in seconds unless the name says otherwise.

    `probe` is what one hub of several gets to answer before the next is asked, `connect` and `answer`
    what it gets otherwise. A line that brings less than `slowest_bytes` in `window` has stalled. After
    `tries` failures in a row without progress a download gives up, a question after `asks`; between
    them it waits `pause`, doubled each time up to `longest_pause`, or what the hub asks for up to that.
    `other` is the wait for another process that fetches the same model.
    """

    probe: float = 5.0
    connect: float = 10.0
    answer: float = 30.0
    window: float = 60.0
    slowest_bytes: int = 240 * 1024
    tries: int = 5
    asks: int = 3
    pause: float = 1.0
    longest_pause: float = 60.0
    other: float = 3600.0

    def pause_before(self, failures: int, asked_for: float = 0.0) -> float:
        """Seconds to wait after so many failures in a row."""
        doubled = self.pause * 2 ** min(max(failures, 1) - 1, 16)
        return min(max(doubled, asked_for), self.longest_pause)
