"""Live inputs in a real worker."""

from __future__ import annotations

import random
from functools import cache

import numpy as np

from parley.speech.recognition import RecognitionOptions
from parley.speech.stream import StreamHeard
from parley.wire import frames
from tests.integration.fleet.scenario import scenario
from tests.integration.fleet.spoken import Spoken, worker

STREAMS = 50
CHUNKS = 6


@cache
def pcm(name: str) -> list[bytes]:
    """Chunks of uneven length, different for each stream."""
    generator = np.random.default_rng(int(name))
    lengths = generator.integers(0, 6000, size=CHUNKS)
    return [generator.integers(-9000, 9000, size=size).astype("<i2").tobytes() for size in lengths]


async def begin(spoken: Spoken, name: str) -> None:
    options = RecognitionOptions(prompt=f"stream {name}")
    opened = await spoken.call("echoes", frames.OpenStream(stream=name, options=options))
    assert opened == frames.StreamFed(heard=StreamHeard())


async def feed(spoken: Spoken, name: str, chunk: int) -> StreamHeard:
    request = frames.FeedStream(stream=name, pcm=pcm(name)[chunk], is_last=chunk == CHUNKS - 1)
    fed = await spoken.call("echoes", request)
    assert isinstance(fed, frames.StreamFed)
    return fed.heard


@scenario
async def test_fifty_interleaved_streams_hear_what_they_hear_one_after_another() -> None:
    names = [str(number) for number in range(STREAMS)]
    order = [name for name in names for _ in range(CHUNKS)]
    random.Random(4).shuffle(order)
    async with worker() as spoken:
        assert isinstance(await spoken.load("echoes"), frames.Loaded)
        alone: dict[str, list[StreamHeard]] = {}
        for name in names:
            await begin(spoken, name)
            alone[name] = [await feed(spoken, name, chunk) for chunk in range(CHUNKS)]
        together: dict[str, list[StreamHeard]] = {name: [] for name in names}
        for name in names:
            await begin(spoken, name)
        for name in order:
            together[name].append(await feed(spoken, name, len(together[name])))
    assert together == alone
    texts = [piece.text for heard in alone.values() for each in heard for piece in each.finals]
    assert len(set(texts)) == len(texts) >= STREAMS


@scenario
async def test_what_a_worker_refuses_leaves_its_other_streams_alone() -> None:
    async def code(request: frames.Request) -> str:
        failure = await spoken.call("echoes", request)
        assert isinstance(failure, frames.Failure)
        return failure.code

    async with worker() as spoken:
        await spoken.load("echoes")
        for number in range(frames.MAX_STREAMS):
            await begin(spoken, str(number))
        one_more = frames.OpenStream(stream="one more", options=RecognitionOptions())
        assert await code(one_more) == "workers_busy"
        assert await code(frames.FeedStream(stream="nobody", pcm=b"")) == "stream_lost"
        loud = np.array([-32768], dtype="<i2").tobytes()
        assert await code(frames.FeedStream(stream="9", pcm=loud)) == "engine_failed"
        assert await code(frames.FeedStream(stream="9", pcm=b"")) == "stream_lost"
        closed = await spoken.call("echoes", frames.CloseStream(stream="8"))
        assert closed == frames.StreamFed(heard=StreamHeard())
        await begin(spoken, "one more")
        assert (await feed(spoken, "7", 0)).finals == ()
        # Loaded anew, the engine has none.
        await spoken.load("echoes")
        assert await code(frames.FeedStream(stream="7", pcm=b"")) == "stream_lost"
