"""Decides when a worker has served long enough."""

from __future__ import annotations

from parley.fleet.limits import FleetLimits


class Wear:
    """Calls and memory of one worker."""

    def __init__(self, limits: FleetLimits) -> None:
        self._limits = limits
        self._calls = 0
        self._since_load = 0
        self._settled_bytes: int | None = None
        self._grown_bytes = 0

    def loaded(self) -> None:
        """Another engine came in, which is allowed to take memory."""
        self._since_load = 0
        self._settled_bytes = None

    def called(self, rss_bytes: int) -> None:
        """A call ended; the worker now holds `rss_bytes` (0: unknown)."""
        self._calls += 1
        self._since_load += 1
        if self._since_load == self._limits.settled_calls:
            self._settled_bytes = rss_bytes
        if self._settled_bytes:
            self._grown_bytes = rss_bytes - self._settled_bytes

    def reason(self) -> str | None:
        """Why the worker should be replaced; None while it may go on."""
        most = self._limits.recycle_after_calls
        if most is not None and self._calls >= most:
            return f"{self._calls} calls"
        if self._grown_bytes > self._limits.recycle_rss_growth_bytes:
            return f"{self._grown_bytes >> 20} MiB of growth"
        return None
