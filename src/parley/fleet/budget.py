"""Bounds how often lost workers are replaced. Pure: it is told the time."""

from __future__ import annotations

import math
from collections import deque

from parley.fleet.limits import FleetLimits


class RestartBudget:
    """Losses of the recent past, as a bucket that success empties, and poisoned calls in a row.

    A loss at work is charged to the call, which is tried once more and then given up: those losses
    end by themselves, so adjacent bad units are worked through. Only a long row of poisoned calls
    without any success says that the engine, not the audio, is bad. Every other loss (starting,
    loading, idle) is charged here. What is spent comes back with time, so a pool that gave up is
    tried again: losses leave the window, and so does the last poisoned call.
    """

    def __init__(self, limits: FleetLimits) -> None:
        self._limits = limits
        self._losses: deque[float] = deque()
        self._poisoned = 0
        self._last = -math.inf

    def lost(self, now: float) -> None:
        """A worker was lost, and no call is to blame."""
        self._losses.append(now)
        self._last = now

    def poisoned(self, now: float) -> None:
        """A call was given up because it cost too many workers."""
        self._poisoned += 1
        self._last = now

    def succeeded(self) -> None:
        """A call succeeded."""
        self._poisoned = 0
        if self._losses:
            self._losses.popleft()

    def is_spent(self, now: float) -> bool:
        """Whether no worker may be replaced now."""
        self._forget(now)
        return len(self._losses) > self._limits.restart_budget or self._is_engine_bad(now)

    def delay(self, now: float) -> float:
        """Seconds to wait before the next start: doubled by every loss, counted from the last."""
        self._forget(now)
        count = len(self._losses) + self._poisoned
        if count == 0:
            return 0.0
        doublings = min(count - 1, self._limits.restart_budget)
        return max(0.0, self._last + self._limits.restart_backoff_s * 2**doublings - now)

    def _is_engine_bad(self, now: float) -> bool:
        # The row is not shortened by time: units that hang take longer than the window each.
        is_recent = now - self._last <= self._limits.restart_window_s
        return is_recent and self._poisoned > self._limits.poison_budget

    def _forget(self, now: float) -> None:
        while self._losses and now - self._losses[0] > self._limits.restart_window_s:
            self._losses.popleft()
