"""Workers die and hang: what their calls see, and what becomes of the pool."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parley.errors import EngineBroken, OutOfMemory, UnitPoisoned, WorkersExhausted
from parley.fleet.fleet import Fleet
from parley.speech.media import Clip
from parley.speech.recognition import RecognitionOptions
from parley.wire import frames
from tests.integration.fleet.scenario import (
    QUICK,
    engine,
    limits,
    pool,
    say,
    scenario,
    told,
    until,
    worker_pids,
)


@scenario
async def test_a_killed_worker_costs_nothing_but_time(tmp_path: Path) -> None:
    heard: list[str] = []
    async with Fleet([pool(2)], QUICK, notice=heard.append) as fleet:
        call = asyncio.create_task(say(fleet, f"once {tmp_path / 'm'} sleep 60", "right"))
        await until(lambda: (tmp_path / "m").exists())
        (victim,) = worker_pids()
        os.kill(victim, signal.SIGKILL)
        answer = await call
        assert isinstance(answer.reply, frames.Punctuated)
        assert answer.reply.texts == ("again", "right")
        assert answer.attempts == 2
        assert answer.worker_pid != victim
    assert heard == ["A worker was ended by SIGKILL."]


@scenario
async def test_a_worker_killed_while_idle_is_replaced_on_demand() -> None:
    async with Fleet([pool()], QUICK) as fleet:
        pid = int(await told(fleet, "pid"))
        os.kill(pid, signal.SIGKILL)
        await until(lambda: fleet.health().pools[0].alive == 0)
        assert fleet.health().pools[0].dead == 1
        assert int(await told(fleet, "pid")) != pid
        health = fleet.health().pools[0]
        assert (health.dead, health.restarts) == (0, 1)


@scenario
async def test_a_worker_killed_just_before_its_call_is_not_the_fault_of_the_call() -> None:
    async with Fleet([pool()], QUICK) as fleet:
        for _ in range(10):
            os.kill(int(await told(fleet, "pid")), signal.SIGKILL)
            assert await told(fleet, "fine") == "fine"


@scenario
async def test_a_warm_fleet_stays_warm() -> None:
    async with Fleet([pool(2)], QUICK) as fleet:
        await fleet.warm("scripted")
        os.kill(worker_pids()[0], signal.SIGKILL)
        await until(lambda: fleet.health().pools[0].restarts == 1 and fleet.health().pools[0].alive == 2)


@pytest.mark.parametrize(("command", "fate"), [("abort", "SIGABRT"), ("exit 3", "exit code 3")])
def test_poison_is_given_up_and_the_pool_lives_on(command: str, fate: str) -> None:
    @scenario
    async def run() -> None:
        async with Fleet([pool(2)], QUICK) as fleet:
            others = [asyncio.create_task(say(fleet, "sleep 0.2")) for _ in range(4)]
            with pytest.raises(UnitPoisoned, match=fate) as caught:
                await say(fleet, command)
            assert caught.value.detail.count(fate) == 2
            assert {(await other).attempts for other in others} == {1}
            assert await told(fleet, "fine") == "fine"
            assert fleet.health().is_degraded is False

    run()


@scenario
async def test_many_poisoned_parts_do_not_spend_the_budget_while_others_succeed() -> None:
    async with Fleet([pool(2)], limits(restart_budget=3)) as fleet:
        for _ in range(5):
            with pytest.raises(UnitPoisoned):
                await say(fleet, "exit 1")
            assert [await told(fleet, "fine") for _ in range(2)] == ["fine", "fine"]


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_adjacent_poisoned_parts_are_each_given_up_and_the_next_one_is_done(workers: int) -> None:
    """From the very first call on, when nothing says yet that the engine works at all."""

    @scenario
    async def run() -> None:
        async with Fleet([pool(workers)], limits(restart_budget=1)) as fleet:
            calls = [say(fleet, command) for command in ["exit 1"] * 4 + ["good"]]
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert [type(result) for result in results[:4]] == [UnitPoisoned] * 4
            assert getattr(results[4], "reply", results[4]) == frames.Punctuated(texts=("good",))
            assert fleet.health().is_degraded is False

    run()


@scenario
async def test_an_engine_that_never_works_exhausts_its_pool_until_the_window_has_passed() -> None:
    async with Fleet([pool()], limits(poison_budget=2, restart_window_s=1.0)) as fleet:
        calls = [say(fleet, "exit 1") for _ in range(6)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in results] == [UnitPoisoned] * 3 + [WorkersExhausted] * 3
        assert "exit code 1" in str(results[-1])
        await until(lambda: not fleet.health().is_degraded)
        assert await told(fleet, "back") == "back"


@scenario
async def test_a_hang_is_found_by_its_lack_of_progress(tmp_path: Path) -> None:
    marker = tmp_path / "m"
    async with Fleet([pool()], limits(call_floor_s=0.6)) as fleet:
        began = time.monotonic()
        answer = await say(fleet, f"once {marker} sleep 60")
        assert (answer.attempts, answer.reply) == (2, frames.Punctuated(texts=("again",)))
        assert time.monotonic() - began < 5
        assert fleet.health().pools[0].reasons == ("made no progress for 0.6 s while working",)


@scenario
async def test_a_hang_twice_is_poison_and_shows_its_stacks() -> None:
    async with Fleet([pool()], limits(call_floor_s=0.3)) as fleet:
        with pytest.raises(UnitPoisoned, match="no progress") as caught:
            await say(fleet, "sleep 60")
        assert "scripted.py" in caught.value.detail
        assert "in _sleep" in caught.value.detail


@scenario
async def test_a_hang_that_holds_the_interpreter_lock_is_found_by_its_silence(tmp_path: Path) -> None:
    async with Fleet([pool()], limits(heartbeat_deadline_s=1.6)) as fleet:
        answer = await say(fleet, f"once {tmp_path / 'm'} seize 60")
        assert answer.attempts == 2
        assert fleet.health().pools[0].reasons == ("gave no sign of life for 1.6 s",)


@scenario
async def test_a_stopped_process_is_found_even_when_idle() -> None:
    async with Fleet([pool()], limits(heartbeat_deadline_s=1.6)) as fleet:
        pid = int(await told(fleet, "pid"))
        os.kill(pid, signal.SIGSTOP)
        await until(lambda: fleet.health().pools[0].alive == 0 and pid not in worker_pids())


def recognise(path: Path, script: str) -> frames.Recognise:
    np.zeros(16000, dtype="<i2").tofile(path)
    ref = frames.StretchRef(clip=Clip(path=str(path), first=0, last=16000), islands=())
    return frames.Recognise(stretches=(ref,), options=RecognitionOptions(prompt=script))


@scenario
async def test_progress_keeps_a_slow_call_alive(tmp_path: Path) -> None:
    async with Fleet([pool()], limits(call_floor_s=0.5)) as fleet:
        answer = await fleet.call("scripted", recognise(tmp_path / "a", "creep 8 0.2"), 1.0)
        assert answer.attempts == 1


@scenario
async def test_saying_the_same_again_is_no_progress(tmp_path: Path) -> None:
    async with Fleet([pool()], limits(call_floor_s=0.5)) as fleet:
        with pytest.raises(UnitPoisoned, match="no progress"):
            await fleet.call("scripted", recognise(tmp_path / "a", "stall 40 0.1"), 1.0)


@scenario
async def test_audio_buys_time() -> None:
    async with Fleet([pool()], limits(call_floor_s=0.1, call_per_audio_s=1.0)) as fleet:
        assert await told(fleet, "sleep 0.6", audio_s=2.0) == "slept 0.6"


@scenario
async def test_a_parent_that_was_held_up_blames_nobody() -> None:
    async with Fleet([pool()], limits(heartbeat_deadline_s=1.5, call_floor_s=1.0)) as fleet:
        call = asyncio.create_task(say(fleet, "sleep 0.3"))
        await until(lambda: fleet.health().pools[0].alive == 1)
        time.sleep(2.5)  # noqa: ASYNC251 - the point
        assert (await call).attempts == 1


@scenario
async def test_an_engine_that_kills_its_workers_while_it_is_loaded_is_broken_and_spares_the_others() -> None:
    spec = pool(2, engine("mortal", "dies_while_loading"), engine())
    async with Fleet([spec], limits(restart_budget=0)) as fleet:
        calls = [say(fleet, "x", name="mortal") for _ in range(3)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in results] == [EngineBroken] * 3
        assert "exit code 7" in str(results[0])
        assert not fleet.health().is_degraded
        assert "exit code 7" in fleet.health().broken["mortal"]
        assert await told(fleet, "fine") == "fine"


@scenario
async def test_hanging_while_loading_is_found() -> None:
    spec = pool(1, engine("stuck", "hangs_while_loading"))
    async with Fleet([spec], limits(load_deadline_s=0.3, restart_budget=1)) as fleet:
        with pytest.raises(EngineBroken, match="while loading stuck"):
            await say(fleet, "x", name="stuck")


@scenario
async def test_a_spent_budget_leaves_those_who_live_at_work() -> None:
    async with Fleet([pool(2)], limits(restart_budget=0)) as fleet:
        await fleet.warm("scripted")
        os.kill(worker_pids()[0], signal.SIGKILL)
        await until(lambda: fleet.health().pools[0].alive == 1)
        assert fleet.health().is_degraded
        answers = await asyncio.gather(*(say(fleet, "x") for _ in range(4)))
        assert len({answer.worker_pid for answer in answers}) == 1


@scenario
async def test_engines_that_nobody_can_be_started_for_are_broken_until_the_budget_is_back() -> None:
    pools = [pool(1), replace(pool(1, engine("other")), name="other")]
    async with Fleet(pools, limits(restart_budget=0, restart_window_s=3.0)) as fleet:
        await fleet.warm()
        os.kill(int(await told(fleet, "pid")), signal.SIGKILL)
        await until(lambda: bool(fleet.health().broken))
        health = fleet.health()
        assert list(health.broken) == ["scripted"]
        assert "again and again" in health.broken["scripted"]
        assert (health.gave_up_on(["scripted"]), health.gave_up_on(["other"])) == (True, False)
        assert await told(fleet, "fine", name="other") == "fine"
        await until(lambda: not fleet.health().broken, 30)
        assert await told(fleet, "fine") == "fine"


@scenario
async def test_a_call_that_takes_too_much_memory_is_ended() -> None:
    async with Fleet([pool()], limits(rss_limit_bytes=150 << 20)) as fleet:
        with pytest.raises(OutOfMemory):
            await say(fleet, "keep 150", "sleep 60")
        assert await told(fleet, "fine") == "fine"
        assert fleet.health().pools[0].reasons == ()


@scenario
async def test_under_random_kills_every_call_ends_and_no_answer_is_mixed_up() -> None:
    dice = random.Random(7)
    async with Fleet(
        [pool(3)], limits(restart_budget=1000, load_attempts=1000, restart_backoff_s=0.001)
    ) as fleet:

        async def lane(name: int) -> list[int]:
            attempts: list[int] = []
            for number in range(15):
                word = f"{name}-{number}"
                try:
                    answer = await say(fleet, "sleep 0.03", word)
                except UnitPoisoned:
                    attempts.append(3)
                else:
                    assert answer.reply == frames.Punctuated(texts=("slept 0.03", word))
                    attempts.append(answer.attempts)
            return attempts

        async def killer() -> None:
            while True:
                await asyncio.sleep(0.25)
                if pids := worker_pids():
                    os.kill(dice.choice(pids), signal.SIGKILL)

        killing = asyncio.create_task(killer())
        attempts = await asyncio.gather(*(lane(name) for name in range(5)))
        killing.cancel()
        await asyncio.wait({killing})
        assert sum(map(len, attempts)) == 75
        assert fleet.health().pools[0].restarts > 0
