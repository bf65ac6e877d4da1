"""A pool that grows with the calls that wait, and whose idle workers go home."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from parley.errors import ParleyError
from parley.fleet.fleet import Fleet
from tests.integration.fleet.scenario import engine, limits, pool, say, scenario, told, until, worker_pids


@scenario
async def test_a_pool_grows_with_the_line_and_shrinks_to_its_minimum() -> None:
    async with Fleet([pool(3, idle_s=0.3, min_workers=1)], limits()) as fleet:
        assert worker_pids() == []
        await asyncio.gather(*(say(fleet, "sleep 0.5") for _ in range(6)))
        assert fleet.health().pools[0].alive == 3
        await until(lambda: len(worker_pids()) == 1, 30)
        await asyncio.sleep(0.6)
        health = fleet.health().pools[0]
        assert (health.alive, health.dead, health.restarts, health.reasons) == (1, 0, 0, ())
        await asyncio.gather(*(say(fleet, "sleep 0.2") for _ in range(6)))
        assert fleet.health().pools[0].alive == 3


@scenario
async def test_without_a_minimum_nobody_stays_and_the_next_call_starts_one() -> None:
    async with Fleet([pool(2, idle_s=0.2)], limits()) as fleet:
        first = await told(fleet, "pid")
        await until(lambda: worker_pids() == [], 30)
        assert await told(fleet, "pid") != first


@scenario
async def test_warming_an_elastic_pool_starts_one_at_least() -> None:
    async with Fleet([pool(3, idle_s=0.5)], limits()) as fleet:
        await fleet.warm("scripted")
        assert fleet.health().pools[0].alive == 1
        await until(lambda: worker_pids() == [], 30)


@scenario
async def test_warming_an_elastic_pool_starts_its_minimum() -> None:
    async with Fleet([pool(3, idle_s=0.1, min_workers=2)], limits()) as fleet:
        await fleet.warm("scripted")
        await asyncio.sleep(0.5)
        assert fleet.health().pools[0].alive == len(worker_pids()) == 2


@scenario
async def test_a_lost_worker_of_the_minimum_is_replaced() -> None:
    async with Fleet([pool(2, idle_s=0.2, min_workers=1)], limits()) as fleet:
        await fleet.warm("scripted")
        pid = await told(fleet, "pid")
        await asyncio.gather(say(fleet, "abort"), return_exceptions=True)
        await until(lambda: fleet.health().pools[0].alive >= 1, 30)
        assert await told(fleet, "pid") != pid


@scenario
async def test_calls_that_come_and_go_at_the_moment_of_going_home_are_all_answered() -> None:
    async with Fleet([pool(2, engine(), idle_s=0.05)], limits()) as fleet:
        for step in range(12):
            assert (await say(fleet, f"word {step}")).attempts == 1
            await asyncio.sleep(0.045 + 0.002 * step)


@scenario
async def test_without_idle_seconds_workers_stay() -> None:
    async with Fleet([pool(2)], limits()) as fleet:
        await fleet.warm("scripted")
        pids = set(worker_pids())
        await asyncio.sleep(0.5)
        assert set(worker_pids()) == pids and len(pids) == 2


@scenario
async def test_one_worker_does_one_call_at_a_time(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    async with Fleet([pool(1, idle_s=5.0)], limits()) as fleet:
        commands = (f"note {notes} begin", "sleep 0.05", f"note {notes} end")
        await asyncio.gather(*(say(fleet, *commands) for _ in range(4)))
    assert notes.read_text().split() == ["begin", "end"] * 4


@scenario
async def test_an_engine_that_cannot_be_loaded_costs_the_calls_of_others_nothing() -> None:
    broken = engine("broken", "nowhere.at_all:Engine")
    spec = pool(1, engine(), broken, idle_s=60.0, min_workers=1)
    async with Fleet([spec], limits()) as fleet:
        warming = asyncio.create_task(fleet.warm("broken"))
        await asyncio.sleep(0)
        calls = [asyncio.create_task(told(fleet, "hello", name=name)) for name in ("scripted", "broken")]
        with pytest.raises(ParleyError):
            await warming
        assert await calls[0] == "hello"
        with pytest.raises(ParleyError):
            await calls[1]


@scenario
async def test_without_work_for_long_even_the_fewest_go_home_and_come_back_on_demand() -> None:
    spec = pool(2, idle_s=0.1, min_workers=1, unload_s=0.6)
    async with Fleet([spec], limits()) as fleet:
        await fleet.warm("scripted")
        first = await told(fleet, "pid")
        await until(lambda: worker_pids() == [], 30)
        await asyncio.sleep(0.5)
        health = fleet.health()
        assert (health.pools[0].alive, health.is_degraded, worker_pids()) == (0, False, [])
        assert await told(fleet, "pid") != first
        assert [each.name for each in fleet.health().pools[0].loaded] == ["scripted"]


@scenario
async def test_work_now_and_then_keeps_the_models() -> None:
    async with Fleet([pool(1, unload_s=3.0)], limits()) as fleet:
        pids: set[str] = set()
        for _ in range(8):
            pids.add(await told(fleet, "pid"))
            await asyncio.sleep(0.5)
        assert len(pids) == 1


@scenario
async def test_only_the_pools_that_have_the_named_engines_are_started() -> None:
    others = [
        replace(pool(1, engine(f"engine-{number}"), idle_s=60.0, min_workers=1), name=f"pool-{number}")
        for number in range(6)
    ]
    async with Fleet(others, limits()) as fleet:
        await fleet.warm("engine-3")
        await told(fleet, "x", name="engine-4")
        assert [one.alive for one in fleet.health().pools] == [0, 0, 0, 1, 1, 0]


@scenario
async def test_what_is_loaded_for_one_task_is_not_kept() -> None:
    spec = pool(2, engine(), engine("other"), idle_s=0.2, min_workers=1)
    async with Fleet([spec], limits()) as fleet:
        await fleet.warm("other", keep=False)
        assert [each.name for each in fleet.health().pools[0].loaded] == ["other"]
        await fleet.warm("scripted")
        await fleet.warm("other", keep=False)
        await until(lambda: len(worker_pids()) == 1, 30)
        await asyncio.gather(say(fleet, "abort"), return_exceptions=True)
        await until(lambda: [each.name for each in fleet.health().pools[0].loaded] == ["scripted"], 30)
