"""Processor time of live speech is counted by how urgent the calls were."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from parley.errors import EngineFailed
from parley.fleet.fleet import Answer
from parley.live.costs import CountedFleet
from parley.live.errands import Urgency
from parley.speech.stream import StreamHeard
from parley.wire.frames import CloseStream, StreamFed


class Fleet:
    """Answers with what it was asked, and fails where nothing was."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    async def call(self, *arguments: Any, **options: Any) -> Answer:
        self.asked.append((*arguments, options))
        if arguments[0] == "broken":
            raise EngineFailed("It failed.")
        return Answer(reply=StreamFed(heard=StreamHeard()), cpu_s=0.25, worker_pid=1, attempts=1)


def test_calls_are_passed_on_and_what_they_cost_is_counted() -> None:
    fleet = Fleet()
    counted = CountedFleet(fleet)

    async def main() -> None:
        request = CloseStream(stream="s")
        for urgency in (Urgency.FINAL, Urgency.FINAL, Urgency.LISTENING):
            await counted.call("vad", request, 1.0, priority=urgency, pool="live-1")
        with pytest.raises(EngineFailed):
            await counted.call("broken", request, 1.0, priority=Urgency.PARTIAL, pool="live-1")
        assert fleet.asked[0] == (
            "vad",
            request,
            1.0,
            None,
            Urgency.FINAL,
            {"on_cpu": False, "pool": "live-1"},
        )

    asyncio.run(main())
    assert counted.seconds() == {("listening",): 0.25, ("final",): 0.5, ("partial",): 0.0}
