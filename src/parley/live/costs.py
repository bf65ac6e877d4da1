"""What live speech costs: processor time of its calls by how urgent they are."""

from __future__ import annotations

from collections.abc import Callable

from parley.fleet.fleet import Answer
from parley.live.errands import Caller, Urgency
from parley.wire.frames import Request


class CountedFleet:
    """Passes calls on, and counts what those that were answered have cost."""

    def __init__(self, fleet: Caller) -> None:
        self._fleet = fleet
        self._seconds = dict.fromkeys(Urgency, 0.0)

    def seconds(self) -> dict[tuple[str, ...], float]:
        """Processor time since the start, by the name of the urgency."""
        return {(urgency.name.lower(),): spent for urgency, spent in self._seconds.items()}

    async def call(
        self,
        engine: str,
        request: Request,
        audio_s: float,
        on_progress: Callable[[float], None] | None = None,
        priority: int = 0,
        *,
        on_cpu: bool = False,
        pool: str | None = None,
    ) -> Answer:
        """What the fleet answers; raises what it raises."""
        answer = await self._fleet.call(
            engine, request, audio_s, on_progress, priority, on_cpu=on_cpu, pool=pool
        )
        self._seconds[Urgency(priority)] += answer.cpu_s
        return answer
