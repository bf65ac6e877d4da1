"""A fleet that notes how long its calls take."""

from __future__ import annotations

import time
from collections.abc import Callable

from parley.fleet.fleet import Answer, Fleet
from parley.wire.frames import Request


class StopwatchFleet:
    """Passes calls on; `wall_s` and `cpu_s` are seconds of all calls since `start`."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.start()

    def start(self) -> None:
        """Begin anew."""
        self.calls = 0
        self.wall_s = 0.0
        self.cpu_s = 0.0

    async def call(
        self,
        engine: str,
        request: Request,
        audio_s: float,
        on_progress: Callable[[float], None] | None = None,
        priority: int = 0,
        *,
        on_cpu: bool = False,
    ) -> Answer:
        """What the fleet answers; raises what it raises."""
        began = time.perf_counter()
        answer = await self._fleet.call(engine, request, audio_s, on_progress, priority, on_cpu=on_cpu)
        self.wall_s += time.perf_counter() - began
        self.cpu_s += answer.cpu_s
        self.calls += 1
        return answer
