"""Who goes with whom in one call to a worker."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from tests.unit.live.virtual_time import run

from parley.engines.contract import EngineSpec, Role
from parley.errors import StreamLost, WorkerDied
from parley.fleet.fleet import Answer
from parley.live.errands import Ask, Errand, Urgency
from parley.live.lane import Lane
from parley.live.suspects import PROOFS
from parley.speech.stream import StreamHeard
from parley.wire import frames

VAD = EngineSpec(
    name="vad", role=Role.VAD, factory="x:y", revision="1", summary="scripted", licence="MIT", streams=True
)


@dataclass
class Worker:
    """Says who was in each call; the call of number `lost` costs the worker, and another one answers."""

    lost: int | None = None
    calls: list[list[str]] = field(default_factory=list[list[str]])

    async def call(self, engine: str, request: Any, audio_s: float, *_: Any, **__: Any) -> Answer:
        await asyncio.sleep(0.01)
        feeds = request.feeds if isinstance(request, frames.FeedStreams) else (request,)
        attempts = 2 if len(self.calls) == self.lost else 1
        self.calls.append([feed.stream for feed in feeds])
        heard = StreamHeard()
        reply = (
            frames.StreamsFed(heard=(heard,) * len(feeds), ended=(None,) * len(feeds))
            if len(feeds) > 1
            else frames.StreamFed(heard=heard)
        )
        return Answer(reply=reply, cpu_s=0.0, worker_pid=1, attempts=attempts)


def feed(lane: Lane, *owners: str) -> list[Errand]:
    def make(owner: str) -> Ask:
        return Ask(request=frames.FeedStream(stream=owner, pcm=b"\0\0"), audio_s=0.1)

    return [lane.post(owner, VAD, lambda owner=owner: make(owner), Urgency.LISTENING) for owner in owners]


async def ends(errands: list[Errand]) -> list[Any]:
    return await asyncio.gather(*(errand.answer for errand in errands), return_exceptions=True)


def test_who_waits_goes_together() -> None:
    worker = Worker()

    async def main() -> None:
        lane = Lane(worker, "live-1")
        await ends(feed(lane, "a", "b", "c"))
        await lane.close()

    run(main())
    assert worker.calls == [["a", "b", "c"]]


def test_who_shared_a_lost_worker_goes_alone_until_proven() -> None:
    worker = Worker(lost=0)

    async def main() -> None:
        lane = Lane(worker, "live-1")
        assert all(type(end) is StreamLost for end in await ends(feed(lane, "a", "b")))
        for _ in range(PROOFS):
            # Whoever had no part in it never shares a call with one who had, whoever comes first.
            await ends(feed(lane, "a", "c", "b", "d"))
        await ends(feed(lane, "a", "c", "b", "d"))
        await lane.close()

    run(main())
    assert worker.calls == [["a", "b"], *[["a"], ["c", "d"], ["b"]] * PROOFS, ["a", "c", "b", "d"]]


def test_who_costs_a_worker_alone_is_told_so() -> None:
    worker = Worker(lost=1)

    async def main() -> list[Any]:
        lane = Lane(worker, "live-1")
        assert not any(isinstance(end, Exception) for end in await ends(feed(lane, "a")))
        found = await ends(feed(lane, "a"))
        await lane.close()
        return found

    assert [type(end) for end in run(main())] == [WorkerDied]
