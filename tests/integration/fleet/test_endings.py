"""Calls are given up, fleets are closed, parents die: everything ends, and nothing stays behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from parley.errors import FleetClosed, UnitPoisoned
from parley.fleet.crew import Crew
from parley.fleet.fleet import Fleet
from tests.integration.fleet.scenario import (
    QUICK,
    engine,
    is_running,
    limits,
    pool,
    say,
    scenario,
    told,
    until,
    worker_pids,
)


@scenario
async def test_a_waiting_call_that_is_given_up_is_forgotten(tmp_path: Path) -> None:
    async with Fleet([pool()], QUICK) as fleet:
        first = asyncio.create_task(say(fleet, "sleep 0.3"))
        await until(lambda: fleet.health().pools[0].alive == 1 and fleet.health().pools[0].waiting == 0)
        second = asyncio.create_task(say(fleet, f"note {tmp_path / 'n'} done"))
        await asyncio.sleep(0.05)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert fleet.health().pools[0].waiting == 0
        await first
        assert await told(fleet, "fine") == "fine"
    assert not (tmp_path / "n").exists()


@scenario
async def test_a_short_call_that_is_given_up_keeps_its_worker() -> None:
    async with Fleet([pool()], QUICK) as fleet:
        pid = await told(fleet, "pid")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(say(fleet, "sleep 0.4"), 0.1)
        assert await told(fleet, "pid") == pid


@scenario
async def test_a_pool_may_be_more_patient_with_calls_that_are_given_up() -> None:
    patient = replace(pool(), given_up_s=60.0)
    async with Fleet([patient], replace(QUICK, stop_grace_s=0.2)) as fleet:
        pid = await told(fleet, "pid")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(say(fleet, "sleep 1.5"), 0.1)
        assert await told(fleet, "pid") == pid


@pytest.mark.parametrize("command", ["sleep 60", "seize 60"])
def test_a_long_call_that_is_given_up_costs_its_worker(command: str) -> None:
    @scenario
    async def run() -> None:
        async with Fleet([pool()], QUICK) as fleet:
            pid = int(await told(fleet, "pid"))
            began = time.monotonic()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(say(fleet, command), 0.1)
            assert time.monotonic() - began < 0.5
            await until(lambda: not is_running(pid), 2.0)
            assert int(await told(fleet, "pid")) != pid
            health = fleet.health().pools[0]
            assert (health.reasons, health.dead) == ((), 0)

    run()


@scenario
async def test_a_call_given_up_while_its_worker_starts() -> None:
    async with Fleet([pool()], QUICK) as fleet:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(say(fleet, "x"), 0.01)
        assert await told(fleet, "fine") == "fine"


@scenario
async def test_closing_settles_every_call_at_once() -> None:
    began = time.monotonic()
    async with Fleet([pool(2)], QUICK) as fleet:
        calls = [asyncio.create_task(say(fleet, "sleep 60")) for _ in range(5)]
        await until(lambda: fleet.health().pools[0].alive == 2)
        began = time.monotonic()
    assert time.monotonic() - began < 1.0
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results] == [FleetClosed] * 5
    with pytest.raises(FleetClosed):
        await say(fleet, "x")


@scenario
async def test_closing_is_bounded_when_workers_do_not_listen() -> None:
    async with Fleet([pool(2)], QUICK) as fleet:
        calls = [asyncio.create_task(say(fleet, "seize 60")) for _ in range(2)]
        await until(lambda: fleet.health().pools[0].alive == 2)
        await asyncio.sleep(0.3)
        began = time.monotonic()
    assert time.monotonic() - began < 3.0
    await asyncio.gather(*calls, return_exceptions=True)


@scenario
async def test_closing_while_workers_start() -> None:
    async with Fleet([pool(2)], QUICK) as fleet:
        calls = [asyncio.create_task(say(fleet, "x")) for _ in range(3)]
        warming = asyncio.create_task(fleet.warm())
        await asyncio.sleep(0.05)
    results = await asyncio.gather(*calls, warming, return_exceptions=True)
    assert {type(result) for result in results} == {FleetClosed}


@scenario
async def test_a_cancelled_body_closes_its_fleet() -> None:
    async def body() -> None:
        async with Fleet([pool()], QUICK) as fleet:
            await say(fleet, "sleep 60")

    task = asyncio.create_task(body())
    await until(lambda: len(worker_pids()) == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@scenario
async def test_a_defect_in_supervision_ends_the_fleet_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[asyncio.Task[object]] = []
    with pytest.raises(ExceptionGroup, match="TaskGroup") as caught:
        async with Fleet([pool(2)], QUICK) as fleet:
            calls += [asyncio.create_task(say(fleet, "sleep 60")) for _ in range(3)]
            monkeypatch.setattr(Crew, "_served", lambda *_: 1 / 0)
            await say(fleet, "x", priority=-1)
            await asyncio.sleep(30)
    assert caught.group_contains(ZeroDivisionError)
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results] == [FleetClosed] * 3


@scenario
async def test_what_a_worker_started_cannot_hold_it_up() -> None:
    async with Fleet([pool()], QUICK) as fleet:
        grandchild = int(await told(fleet, "fork 60"))
        with pytest.raises(UnitPoisoned):
            await say(fleet, "fork 60", "exit 1")
        await until(lambda: not is_running(grandchild), 5.0)
        assert await told(fleet, "fine") == "fine"


@scenario
async def test_nothing_leaks_over_many_calls_and_restarts() -> None:
    this = psutil.Process()
    async with Fleet([pool(2)], limits(restart_backoff_s=0.0)) as fleet:
        await told(fleet, "fine")
        before = (this.num_fds(), this.num_threads(), len(asyncio.all_tasks()))
        for _ in range(10):
            with pytest.raises(UnitPoisoned):
                await say(fleet, "exit 1")
            for _ in range(5):
                await told(fleet, "fine")
        await until(lambda: len(worker_pids()) <= 1)
        fds, threads, tasks = (this.num_fds(), this.num_threads(), len(asyncio.all_tasks()))
        assert fds <= before[0] + 1
        assert threads <= before[1] + 1
        assert tasks <= before[2]


PARENT = """
import asyncio, sys
from tests.integration.fleet.scenario import QUICK, pool, say
from parley.fleet.fleet import Fleet

async def main():
    async with Fleet([pool(2)], QUICK) as fleet:
        await fleet.warm("scripted")
        calls = [asyncio.create_task(say(fleet, command)) for command in sys.argv[1:]]
        await asyncio.sleep(0.3)
        print("ready", flush=True)
        await asyncio.gather(*calls)

asyncio.run(main())
"""


def start_parent(*commands: str) -> tuple[subprocess.Popen[str], list[int]]:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, *commands],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
        start_new_session=True,
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    return parent, worker_pids(parent.pid)


def all_ended(pids: list[int], within_s: float) -> bool:
    end = time.monotonic() + within_s
    while any(is_running(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_no_worker_survives_a_killed_parent() -> None:
    parent, pids = start_parent("sleep 60", "seize 60")
    assert len(pids) == 2
    parent.kill()
    parent.communicate()
    assert all_ended(pids, 2.0)


def test_without_a_death_signal_the_end_of_the_pipe_is_enough() -> None:
    """As on other systems: the worker's main thread is inside a call, the signal is taken away."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WITHOUT_SIGNAL],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    from parley.wire import frames, framing

    assert worker.stdin is not None
    assert worker.stdout is not None
    assert framing.read_body(worker.stdout) is not None
    spec = engine()
    worker.stdin.write(framing.encode(frames.Load(call_id=1, engine=spec.name, factory=spec.factory)))
    request = frames.Punctuate(texts=("sleep 60",), language=None)
    worker.stdin.write(framing.encode(frames.Call(call_id=2, engine=spec.name, request=request)))
    worker.stdin.close()
    assert worker.wait(5) == 0
    worker.stdout.close()


WITHOUT_SIGNAL = """
from parley.workers import lifeline
lifeline.tie_to_parent = lambda: None
from parley.workers.__main__ import main
main()
"""


def test_ctrl_c_ends_parent_and_workers_without_their_complaints() -> None:
    parent, pids = start_parent("sleep 60", "sleep 60")
    for pid in (*pids, parent.pid):
        os.kill(pid, signal.SIGINT)
    _, errors = parent.communicate(timeout=10)
    assert all_ended(pids, 2.0)
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert "parley/workers" not in errors


@scenario
async def test_many_pools_end_together_within_the_grace() -> None:
    pools = [replace(pool(1, engine(f"engine-{number}")), name=f"pool-{number}") for number in range(8)]
    async with Fleet(pools, limits(stop_grace_s=2.0, dump_grace_s=0.5)) as fleet:
        calls = [
            asyncio.create_task(
                say(fleet, "seize 600" if number % 2 else "sleep 600", name=f"engine-{number}")
            )
            for number in range(8)
        ]
        await until(lambda: all(one.loaded for one in fleet.health().pools), 30)
        began = asyncio.get_running_loop().time()
    took_s = asyncio.get_running_loop().time() - began
    assert took_s < 20.0, "one after the other it would be much more"
    assert worker_pids() == []
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(result) for result in results} == {FleetClosed}


@scenario
async def test_pools_that_take_turns_do_one_call_at_a_time(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    pools = [
        replace(pool(2, engine(f"engine-{number}"), takes_turns=True), name=f"pool-{number}")
        for number in range(3)
    ]
    free = replace(pool(1, engine("free")), name="free")
    async with Fleet([*pools, free], limits()) as fleet:
        commands = (f"note {notes} begin", "sleep 0.05", f"note {notes} end")
        lazy = asyncio.create_task(say(fleet, "sleep 600", name="free"))
        calls = [say(fleet, *commands, name=f"engine-{number % 3}") for number in range(9)]
        await asyncio.gather(*calls)
        # Who gives up hands the turn on.
        given_up = asyncio.create_task(say(fleet, "sleep 600", name="engine-0"))
        await asyncio.sleep(0.3)
        waiting = asyncio.create_task(told(fleet, "x", name="engine-1"))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        given_up.cancel()
        assert await waiting == "x"
        lazy.cancel()
    assert notes.read_text().split() == ["begin", "end"] * 9
