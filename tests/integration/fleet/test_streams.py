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


@scenario
async def test_a_group_of_feeds_is_answered_one_for_one() -> None:
    async with worker() as spoken:
        await spoken.load("echoes")
        for name in ("0", "1", "2"):
            await begin(spoken, name)
        loud = np.array([-32768], dtype="<i2").tobytes()
        said = (pcm("0")[0], loud, pcm("2")[0], b"")
        feeds = tuple(
            frames.FeedStream(stream=name, pcm=each)
            for name, each in zip(("0", "1", "2", "nobody"), said, strict=True)
        )
        fed = await spoken.call("echoes", frames.FeedStreams(feeds=feeds))
        assert isinstance(fed, frames.StreamsFed)
        assert [end and end.code for end in fed.ended] == [None, "engine_failed", None, "stream_lost"]
        for name in ("0", "2"):
            heard = fed.heard[int(name)]
            assert heard is not None
            await begin(spoken, f"alone {name}")
            request = frames.FeedStream(stream=f"alone {name}", pcm=pcm(name)[0])
            alone = await spoken.call("echoes", request)
            assert isinstance(alone, frames.StreamFed) and alone.heard == heard


@scenario
async def test_live_stretches_and_pauses_come_with_the_call() -> None:
    async with worker() as spoken:
        assert isinstance(await spoken.load("echoes"), frames.Loaded)
        stretches = tuple(frames.LiveStretch(pcm=bytes(2 * size), islands=()) for size in (8000, 16000))
        options = RecognitionOptions(prompt="mine")
        request = frames.RecogniseLive(stretches=stretches, options=options)
        reply = await spoken.call("echoes", request)
        assert isinstance(reply, frames.Recognised)
        assert [each.pieces[0].end for each in reply.recognitions] == [0.5, 1.0]
        assert all(each.pieces[0].text.startswith("mine ") for each in reply.recognitions)
        assert isinstance(await spoken.load("silence"), frames.Loaded)
        pause = frames.JudgePause(pcm=bytes(3200), wanted_s=0.8, language=None)
        assert await spoken.call("silence", pause) == frames.PauseJudged(silence_s=0.8)
