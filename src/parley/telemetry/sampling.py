"""Numbers that have to be taken over time: how late the event loop wakes up, what memory is in use."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping

import psutil

from parley.telemetry.metrics import Metrics
from parley.telemetry.names import LOOP_LAG, LOOP_LAG_MAX, MEMORY

LAG_INTERVAL_S = 0.25
MEMORY_INTERVAL_S = 5.0
WINDOW_S = 60.0


class Sampler:
    """Measures the server it runs in; `run` is a task of the server and never ends by itself."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._lags: deque[tuple[float, float]] = deque(maxlen=round(2 * WINDOW_S / LAG_INTERVAL_S))
        self._memory: Mapping[tuple[str, ...], float] = {}
        metrics.watch(LOOP_LAG_MAX, self.greatest_lag)
        metrics.watch(MEMORY, lambda: self._memory)

    async def run(self) -> None:
        """Measure until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._measure_lag(), name="event-loop lag")
            group.create_task(self._measure_memory(), name="memory")

    def greatest_lag(self) -> float:
        """The latest that the event loop woke up in the last minute, in seconds."""
        since = time.monotonic() - WINDOW_S
        return max((lag for moment, lag in self._lags if moment >= since), default=0.0)

    async def _measure_lag(self) -> None:
        while True:
            asleep_at = time.monotonic()
            await asyncio.sleep(LAG_INTERVAL_S)
            now = time.monotonic()
            lag = max(0.0, now - asleep_at - LAG_INTERVAL_S)
            self._lags.append((now, lag))
            self._metrics.observe(LOOP_LAG, lag)

    async def _measure_memory(self) -> None:
        while True:
            # Looking through the processes of a busy machine takes tens of milliseconds.
            self._memory = await asyncio.to_thread(memory_in_use)
            await asyncio.sleep(MEMORY_INTERVAL_S)


def memory_in_use() -> dict[tuple[str, ...], float]:
    """Resident bytes of this process and of its children together. Blocks."""
    own = psutil.Process()
    workers = 0.0
    for child in own.children(recursive=True):
        try:
            workers += child.memory_info().rss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return {("server",): float(own.memory_info().rss), ("workers",): workers}
