"""Worn workers are relieved beside the work."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from parley.fleet.fleet import Fleet
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


@scenario
async def test_after_many_calls_a_relief_that_has_loaded_takes_over() -> None:
    spec = pool(1, engine(), engine("other"))
    async with Fleet([spec], limits(recycle_after_calls=5)) as fleet:
        await told(fleet, "x", name="other")
        old = {await told(fleet, "pid") for _ in range(4)}
        assert len(old) == 1
        beside = 0
        while fleet.health().pools[0].recycled == 0:
            old.add(await told(fleet, "sleep 0.02", "pid"))
            beside += 1
        assert len(old) == 1
        assert beside >= 3, "calls waited for the relief"
        assert await told(fleet, "pid") not in old
        await until(lambda: len(worker_pids()) == 1)
        health = fleet.health().pools[0]
        assert (health.alive, health.restarts, health.reasons) == (1, 0, ())


@scenario
async def test_growth_is_noticed_and_relieved() -> None:
    async with Fleet([pool()], limits(recycle_rss_growth_bytes=50 << 20)) as fleet:
        for _ in range(3):
            pid = await told(fleet, "keep 20", "pid")
        assert await told(fleet, "keep 40", "pid") == pid
        await asyncio.sleep(0.6)
        assert fleet.health().pools[0].recycled == 0
        await told(fleet, "keep 40")
        await until(lambda: fleet.health().pools[0].recycled == 1)
        assert await told(fleet, "pid") != pid


@scenario
async def test_recycling_again_and_again_loses_no_call() -> None:
    async with Fleet([pool(2)], limits(recycle_after_calls=3)) as fleet:
        end = time.monotonic() + 3.0

        async def lane() -> set[int]:
            pids: set[int] = set()
            while time.monotonic() < end:
                answer = await say(fleet, "sleep 0.01")
                assert answer.attempts == 1
                pids.add(answer.worker_pid)
            return pids

        seen = set[int]().union(*await asyncio.gather(*(lane() for _ in range(3))))
        assert len(seen) >= 4
        assert fleet.health().pools[0].restarts == 0


@scenario
async def test_a_relief_that_fails_leaves_the_old_worker_at_work(tmp_path: Path) -> None:
    marker = {"PARLEY_TEST_MARKER": str(tmp_path / "m")}
    spec = pool(1, engine(), engine("fragile", "loads_once"), environment=marker)
    async with Fleet([spec], limits(recycle_after_calls=2, restart_budget=1)) as fleet:
        pid = await told(fleet, "pid", name="fragile")
        for _ in range(20):
            assert await told(fleet, "sleep 0.05", "pid") == pid
        health = fleet.health().pools[0]
        assert health.recycled == 0
        assert "exit code 8" in health.reasons[0]
