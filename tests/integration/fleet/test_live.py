"""Pools of live speech: reached by name, patient for seconds, never worn out by calls."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from parley.errors import EngineBroken, ProfileNotInstalled, StreamLost
from parley.fleet.fleet import Fleet
from parley.fleet.spec import PoolSpec, own_limits
from parley.speech.recognition import RecognitionOptions
from parley.wire.frames import FeedStream, FeedStreams, OpenStream, StreamEnded, StreamFed, StreamsFed
from tests.integration.fleet.scenario import (
    engine,
    limits,
    pool,
    say,
    scenario,
    told,
    until,
    worker_pids,
)
from tests.integration.fleet.spoken import SPECS

SECOND = b"\1\0" * 16000
PATIENCE_S = 30.0


def live(name: str = "live-1", *engines: Any, **changes: Any) -> PoolSpec:
    """A seat that streams, and does what it is told."""
    own = engines or (engine(), SPECS["echoes"])
    return PoolSpec(name=name, engines=own, workers=1, is_live=True, idle_s=60.0, **changes)


async def begin(fleet: Fleet, stream: str, seat: str = "live-1") -> None:
    request = OpenStream(stream=stream, options=RecognitionOptions(prompt=stream))
    await fleet.call("echoes", request, 0.0, pool=seat)


async def feed(fleet: Fleet, stream: str, seat: str = "live-1") -> str:
    """The partial after another second and a bit."""
    answer = await fleet.call("echoes", FeedStream(stream=stream, pcm=SECOND + b"\0\0"), 1.0, pool=seat)
    assert isinstance(answer.reply, StreamFed)
    return answer.reply.heard.partial


def state(fleet: Fleet, name: str = "live-1") -> Any:
    return next(each for each in fleet.health().pools if each.name == name)


@scenario
async def test_calls_name_the_pool_and_others_never_reach_it() -> None:
    async with Fleet([pool(), live(), live("live-2")], limits()) as fleet:
        pids = [await told(fleet, "pid", pool=name) for name in (None, "live-1", "live-2", "live-1", None)]
        assert pids[0] == pids[4] and pids[1] == pids[3]
        assert len(set(pids)) == 3
        for name, seat in (("echoes", None), ("echoes", "main"), ("scripted", "live-3"), ("no", "live-1")):
            with pytest.raises(ProfileNotInstalled):
                await fleet.call(name, OpenStream(stream="a", options=RecognitionOptions()), 0.0, pool=seat)


@scenario
async def test_it_starts_with_the_first_call_and_goes_home_when_idle() -> None:
    elastic = replace(live(), idle_s=0.2)
    async with Fleet([pool(), elastic], limits()) as fleet:
        await fleet.warm()
        assert (state(fleet).alive, state(fleet).loaded) == (0, ())
        for _ in range(2):
            assert await told(fleet, "x", pool="live-1") == "x"
            await until(lambda: len(worker_pids()) == 1, PATIENCE_S)


@scenario
async def test_a_killed_worker_costs_its_streams_and_nothing_else(tmp_path: Path) -> None:
    async with Fleet([live(), live("live-2")], limits()) as fleet:
        await begin(fleet, "a")
        await begin(fleet, "b")
        await begin(fleet, "elsewhere", "live-2")
        assert await feed(fleet, "a") == "1"
        pid = int(await told(fleet, "pid", pool="live-1"))
        at_work = tmp_path / "at_work"
        working = asyncio.create_task(say(fleet, f"once {at_work} sleep 600", pool="live-1"))
        await until(at_work.exists, PATIENCE_S)
        os.kill(pid, signal.SIGKILL)
        assert (await working).attempts == 2
        with pytest.raises(StreamLost):
            await feed(fleet, "a")
        feeds = tuple(FeedStream(stream=name, pcm=SECOND) for name in ("a", "b"))
        reply = (await fleet.call("echoes", FeedStreams(feeds=feeds), 2.0, pool="live-1")).reply
        assert isinstance(reply, StreamsFed)
        assert reply.heard == (None, None)
        assert [end.code for end in reply.ended if isinstance(end, StreamEnded)] == ["stream_lost"] * 2
        assert await feed(fleet, "elsewhere", "live-2") == "1"
        await begin(fleet, "a")
        assert await feed(fleet, "a") == "1"
        assert state(fleet).restarts == 1


@scenario
async def test_a_worker_that_is_killed_while_nobody_calls_is_replaced_by_the_next_call() -> None:
    async with Fleet([live()], limits()) as fleet:
        await begin(fleet, "a")
        os.kill(int(await told(fleet, "pid", pool="live-1")), signal.SIGKILL)
        await until(lambda: state(fleet).alive == 0, PATIENCE_S)
        with pytest.raises(StreamLost):
            await feed(fleet, "a")
        await begin(fleet, "a")
        assert await feed(fleet, "a") == "1"


@scenario
async def test_a_hang_is_found_by_the_patience_of_the_pool(tmp_path: Path) -> None:
    impatient = replace(live(), call_floor_s=2.0, call_per_audio_s=0.5)
    async with Fleet([pool(), impatient], limits(call_floor_s=600.0)) as fleet:
        await begin(fleet, "a")
        hung = asyncio.create_task(say(fleet, f"once {tmp_path / 'm'} sleep 600", pool="live-1"))
        answer = await hung
        assert answer.attempts == 2
        assert "made no progress for 2.0 s" in state(fleet).reasons[0]
        with pytest.raises(StreamLost):
            await feed(fleet, "a")
        # The same time is nothing to recordings.
        assert await told(fleet, "sleep 2.5", "done") == "done"


@scenario
async def test_who_gives_a_call_up_does_not_cost_the_others_their_streams(tmp_path: Path) -> None:
    async with Fleet([live()], limits(stop_grace_s=0.1)) as fleet:
        await begin(fleet, "a")
        at_work = tmp_path / "at_work"
        working = asyncio.create_task(say(fleet, f"note {at_work} x", "sleep 1", pool="live-1"))
        await until(at_work.exists, PATIENCE_S)
        working.cancel()
        assert await feed(fleet, "a") == "1"
        assert state(fleet).reasons == ()


@scenario
async def test_a_hang_whose_caller_has_gone_is_found_too(tmp_path: Path) -> None:
    impatient = replace(live(), call_floor_s=2.0, call_per_audio_s=0.0)
    async with Fleet([impatient], limits()) as fleet:
        await begin(fleet, "a")
        at_work = tmp_path / "at_work"
        hung = asyncio.create_task(say(fleet, f"note {at_work} x", "sleep 600", pool="live-1"))
        await until(at_work.exists, PATIENCE_S)
        hung.cancel()
        assert await told(fleet, "awake", pool="live-1") == "awake"
        assert state(fleet).restarts >= 1


@scenario
async def test_growth_alone_wears_it_out_and_calls_go_on_meanwhile() -> None:
    bound = limits(recycle_rss_growth_bytes=50 << 20, recycle_after_calls=5)
    settled = own_limits(live(), bound).settled_calls
    async with Fleet([live()], bound) as fleet:
        await begin(fleet, "a")
        for _ in range(settled):
            pid = await told(fleet, "pid", pool="live-1")
        assert state(fleet).recycled == 0
        assert await feed(fleet, "a") == "1"
        grown = await say(fleet, "keep 80", "pid", pool="live-1")
        assert str(grown.worker_pid) == pid
        pids = set[int]()
        while state(fleet).recycled == 0:
            answer = await say(fleet, "sleep 0.01", pool="live-1")
            assert answer.attempts == 1
            pids.add(answer.worker_pid)
        assert grown.worker_pid in pids, "calls waited for the relief"
        with pytest.raises(StreamLost):
            await feed(fleet, "a")
        # What was loaded is loaded.
        assert [loaded.name for loaded in state(fleet).loaded] == ["echoes", "scripted"]
        assert await told(fleet, "pid", pool="live-1") != pid


@scenario
async def test_where_one_call_is_done_at_a_time_live_speech_is_the_first_in_line(tmp_path: Path) -> None:
    turns = tmp_path / "turns"
    async with Fleet([pool(takes_turns=True), live(takes_turns=True)], limits()) as fleet:
        others = [
            say(fleet, f"note {turns} urgent", priority=-1000),
            say(fleet, f"note {turns} late", pool="live-1", priority=2),
            say(fleet, f"note {turns} early", pool="live-1", priority=0),
            say(fleet, f"note {turns} other"),
        ]
        async with fleet._turns.take(0):
            waiting = [asyncio.create_task(other) for other in others]
            await asyncio.sleep(0)
        await asyncio.gather(*waiting)
        assert turns.read_text().split() == ["early", "late", "urgent", "other"]


@scenario
async def test_its_troubles_are_not_those_of_recordings() -> None:
    dead = live("live-1", engine("scripted", "dies_while_loading"))
    bound = limits(load_attempts=1, restart_budget=0, load_backoff_s=(60.0,))
    async with Fleet([pool(), dead], bound) as fleet:
        assert await told(fleet, "x") == "x"
        with pytest.raises(EngineBroken):
            await told(fleet, "x", pool="live-1")
        health = fleet.health()
        assert dict(health.broken) == {}
        assert set(health.broken_in_live) == {"scripted"}
        assert not health.gave_up_on(["scripted"])
        assert state(fleet).is_live and not state(fleet, "main").is_live
        assert await told(fleet, "y") == "y"


@scenario
async def test_a_moment_between_two_calls_is_no_time_to_make_room() -> None:
    large = replace(SPECS["echoes"], memory_mib=80)
    heavy = replace(engine(), memory_mib=80)
    seat = live("live-1", large)
    bound = limits(device_memory_mib={"cpu": 100}, room_patience_s=60.0)
    async with Fleet([pool(1, heavy), seat], bound) as fleet:
        await begin(fleet, "a")
        recording = asyncio.create_task(told(fleet, "done"))
        for _ in range(10):
            assert await feed(fleet, "a")
            await asyncio.sleep(0.05)
        assert not recording.done()
        recording.cancel()
