"""Devices in a whole fleet: what is given up, what is refused, and what the processor does instead."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from parley.errors import DeviceUnavailable, EngineBroken, FleetClosed, OutOfMemory
from parley.fleet.fleet import Answer, Fleet
from parley.fleet.health import FleetHealth
from parley.fleet.limits import FleetLimits
from parley.fleet.spec import PoolSpec
from parley.speech.device import Placement
from parley.wire.frames import Punctuated
from tests.integration.fleet.scenario import engine, limits, say, scenario, until, worker_pids
from tests.integration.fleet.spoken import SPECS


def sim_pool(*names: str, workers: int = 1, wanted: str = "auto", **how: Any) -> PoolSpec:
    engines = tuple(SPECS[name] for name in names)
    is_strict = how.pop("is_strict", False)
    placements = {
        spec.name: Placement(wanted=wanted, kinds=spec.devices, is_strict=is_strict) for spec in engines
    }
    others = how.pop("others", ())
    return PoolSpec(name="sim", engines=(*engines, *others), workers=workers, placements=placements, **how)


async def place(fleet: Fleet, name: str, **how: Any) -> str:
    return device_of(await say(fleet, "?", name=name, **how))


def device_of(answer: Answer) -> str:
    assert isinstance(answer.reply, Punctuated)
    [device, _] = answer.reply.texts[0].split()
    assert answer.device == device
    return device


def loaded(health: FleetHealth) -> list[tuple[str, str, int, int]]:
    return [
        (each.name, each.device, each.workers, each.memory_mib)
        for pool in health.pools
        for each in pool.loaded
    ]


@scenario
async def test_an_engine_is_loaded_on_the_best_device_and_health_says_where() -> None:
    async with Fleet([sim_pool("sim-fine", threads=3)], limits()) as fleet:
        answer = await say(fleet, "?", name="sim-fine")
        assert answer.reply == Punctuated(texts=("cuda:0 3",))
        assert answer.notices == ()
        assert [each[:3] for each in loaded(fleet.health())] == [("sim-fine", "cuda:0", 1)]


@scenario
async def test_workers_spread_over_equal_devices_and_a_new_one_takes_the_free_place() -> None:
    async with Fleet([sim_pool("sim-two", workers=2)], limits()) as fleet:
        await fleet.warm("sim-two")
        assert {each[1] for each in loaded(fleet.health())} == {"cuda:0", "cuda:1"}
        for _ in range(3):
            os.kill(worker_pids()[0], signal.SIGKILL)
            await until(lambda: len(loaded(fleet.health())) == 1 or fleet.health().pools[0].alive < 2)
            await until(lambda: {each[1] for each in loaded(fleet.health())} == {"cuda:0", "cuda:1"}, 30)


@scenario
async def test_a_device_that_does_not_work_is_told_once_and_with_every_answer() -> None:
    heard: list[str] = []
    async with Fleet([sim_pool("sim-broken", workers=2)], limits(), notice=heard.append) as fleet:
        answers = await asyncio.gather(*(say(fleet, "?", name="sim-broken") for _ in range(4)))
        assert {device_of(answer) for answer in answers} == {"cpu"}
        [notice] = {notice for answer in answers for notice in answer.notices}
        assert "instead of cuda:0" in notice
        await asyncio.sleep(0)
        assert heard == [notice]
        assert fleet.health().pools[0].notices == (notice,)


@pytest.mark.parametrize("name", ["sim-aborts", "sim-dies", "sim-hangs"])
def test_a_device_on_which_a_worker_is_lost_is_avoided_by_the_next(name: str) -> None:
    @scenario
    async def run() -> None:
        heard: list[str] = []
        quick = limits(load_deadline_s=2.0 if name == "sim-hangs" else 10.0, restart_budget=0)
        async with Fleet([sim_pool(name)], quick, notice=heard.append) as fleet:
            answer = await say(fleet, "?", name=name)
            assert device_of(answer) == "cpu"
            assert answer.attempts == 1
            [notice] = answer.notices
            assert "cuda:0 (a worker was lost on it)" in notice
            # The next one does not try again.
            os.kill(answer.worker_pid, signal.SIGKILL)
            assert await place(fleet, name) == "cpu"
            assert fleet.health().broken == {}

    run()


@pytest.mark.parametrize("name", ["sim-aborts", "sim-dies", "sim-hangs"])
def test_where_the_device_is_strict_the_engine_is_broken_and_the_others_serve(name: str) -> None:
    @scenario
    async def run() -> None:
        quick = limits(load_deadline_s=2.0 if name == "sim-hangs" else 10.0)
        async with Fleet([sim_pool(name, is_strict=True, others=(engine(),))], quick) as fleet:
            with pytest.raises(DeviceUnavailable, match="cuda:0"):
                await say(fleet, "?", name=name)
            assert "cuda:0" in fleet.health().broken[name]
            assert (await say(fleet, "fine")).reply == Punctuated(texts=("fine",))

    run()


@scenario
async def test_a_strict_device_that_does_not_work_is_refused_with_the_reason() -> None:
    async with Fleet([sim_pool("sim-broken", wanted="cuda:0", is_strict=True)], limits()) as fleet:
        for _ in range(2):
            with pytest.raises(DeviceUnavailable, match="--strict-device"):
                await say(fleet, "?", name="sim-broken")


@scenario
async def test_an_engine_that_finds_no_memory_to_open_goes_on_to_the_processor() -> None:
    async with Fleet([sim_pool("sim-small")], limits()) as fleet:
        answer = await say(fleet, "?", name="sim-small")
        assert device_of(answer) == "cpu"
        assert "no memory left" in answer.notices[0]


@scenario
async def test_the_processor_does_what_was_too_much_for_the_device_and_goes_home() -> None:
    async with Fleet([sim_pool("sim-fine")], limits(spare_idle_s=0.3)) as fleet:
        assert await place(fleet, "sim-fine") == "cuda:0"
        assert await place(fleet, "sim-fine", on_cpu=True) == "cpu"
        names = [pool.name for pool in fleet.health().pools]
        assert names == ["sim", "sim-cpu"]
        await until(lambda: fleet.health().pools[1].alive == 0, 30)
        assert await place(fleet, "sim-fine", on_cpu=True) == "cpu"


@pytest.mark.parametrize(
    "spec", [sim_pool("sim-cpu"), sim_pool("sim-fine", wanted="cpu"), sim_pool("sim-fine", is_strict=True)]
)
def test_the_processor_is_no_way_out_where_it_is_taken_already_or_not_wanted(spec: PoolSpec) -> None:
    @scenario
    async def run() -> None:
        async with Fleet([spec], limits()) as fleet:
            await place(fleet, spec.engines[0].name)
            with pytest.raises(OutOfMemory):
                await place(fleet, spec.engines[0].name, on_cpu=True)
            assert len(fleet.health().pools) == 1

    run()


def reviving(folder: Path, **how: Any) -> PoolSpec:
    marker = {"PARLEY_TEST_MARKER": str(folder / "well")}
    return sim_pool("sim-revives", environment=marker, **how)


@scenario
async def test_an_avoided_device_is_tried_again_by_the_relief_of_a_worker_that_had_to_do_without(
    tmp_path: Path,
) -> None:
    heard: list[str] = []
    async with Fleet([reviving(tmp_path)], limits(device_backoff_s=(1.0,)), notice=heard.append) as fleet:
        first = await say(fleet, "?", name="sim-revives")
        assert device_of(first) == "cpu"
        assert "cuda:0 (a worker was lost on it)" in first.notices[0]
        (tmp_path / "well").touch()
        async with asyncio.timeout(30):
            answer = first
            while answer.device == "cpu":
                await asyncio.sleep(0.1)
                answer = await say(fleet, "?", name="sim-revives")
        assert (answer.device, answer.notices) == ("cuda:0", ())
        await until(lambda: len(worker_pids()) == 1, 30)
        health = fleet.health().pools[0]
        assert (health.recycled, health.notices) == (1, ())
        # It stays there: nobody is relieved for nothing.
        for _ in range(3):
            await asyncio.sleep(0.5)
            assert (await say(fleet, "?", name="sim-revives")).worker_pid == answer.worker_pid


@scenario
async def test_a_device_that_is_still_bad_costs_no_call_and_is_left_alone_for_longer(tmp_path: Path) -> None:
    patient = limits(device_backoff_s=(0.5, 3600.0))
    async with Fleet([reviving(tmp_path)], patient) as fleet:
        answers = [await say(fleet, "?", name="sim-revives")]
        async with asyncio.timeout(30):
            while len(fleet.health().pools[0].reasons) < 2:
                answers.append(await say(fleet, "?", name="sim-revives"))
                await asyncio.sleep(0.1)
        await asyncio.sleep(1.0)
        answers.append(await say(fleet, "?", name="sim-revives"))
        assert {(each.device, each.attempts, each.worker_pid) for each in answers} == {
            ("cpu", 1, answers[0].worker_pid)
        }
        health = fleet.health()
        assert len(health.pools[0].reasons) == 2
        assert (dict(health.broken), health.is_degraded) == ({}, False)


@scenario
async def test_workers_lost_on_a_device_at_the_same_time_do_not_make_the_engine_broken() -> None:
    async with Fleet([sim_pool("sim-dies", workers=4)], limits(load_attempts=2)) as fleet:
        answers = await asyncio.gather(*(say(fleet, "?", name="sim-dies") for _ in range(4)))
        assert {device_of(answer) for answer in answers} == {"cpu"}
        assert fleet.health().broken == {}


@scenario
async def test_a_device_that_hangs_is_known_though_its_caller_gave_up_before() -> None:
    async with Fleet([sim_pool("sim-hangs")], limits(load_deadline_s=3.0)) as fleet:
        call = asyncio.create_task(say(fleet, "?", name="sim-hangs"))
        await until(lambda: fleet.health().pools[0].alive == 1)
        call.cancel()
        await until(lambda: bool(fleet.health().pools[0].reasons), 30)
        pids = [(await say(fleet, "?", name="sim-hangs")).worker_pid for _ in range(2)]
        assert pids[0] == pids[1]
        assert len(fleet.health().pools[0].reasons) == 1


@scenario
async def test_nobody_opens_a_pool_on_the_processor_after_the_end() -> None:
    async with Fleet([sim_pool("sim-fine")], limits()) as fleet:
        await place(fleet, "sim-fine")
        busy = asyncio.create_task(say(fleet, "?", name="sim-fine"))

        async def who_goes_on() -> None:
            try:
                await busy
            finally:
                with pytest.raises(FleetClosed):
                    await place(fleet, "sim-fine", on_cpu=True)

        going_on = asyncio.create_task(who_goes_on())
        await asyncio.sleep(0)
    [end] = await asyncio.gather(going_on, return_exceptions=True)
    assert end is None or type(end) is FleetClosed
    with pytest.raises(FleetClosed):
        await place(fleet, "sim-fine", on_cpu=True)


@scenario
async def test_pools_on_the_processor_are_counted_bounded_and_closed_with_the_others() -> None:
    pools = [needing(600, name, pool=f"pool of {name}") for name in ("sim-fine", "sim-two")]
    bounds = {"cuda:0": 10_000, "cpu": 1000}
    async with Fleet(pools, limits(device_memory_mib=bounds)) as fleet:
        for name in ("sim-fine", "sim-two"):
            await place(fleet, name)
        for name in ("sim-fine", "sim-two") * 2:
            assert await place(fleet, name, on_cpu=True) == "cpu"
            on_cpu = [each for each in loaded(fleet.health()) if each[1] == "cpu"]
            assert [each[0] for each in on_cpu] == [name], "both do not fit"
        assert sum(pool.is_spare for pool in fleet.health().pools) == 2
        assert len(worker_pids()) >= 3


# Memory by device.


def needing(mib: int, *names: str, pool: str = "sim", **how: Any) -> PoolSpec:
    spec = sim_pool(*names, **how)
    return replace(spec, name=pool, engines=tuple(replace(each, memory_mib=mib) for each in spec.engines))


def within(mib: int, **changes: Any) -> FleetLimits:
    return limits(device_memory_mib={"cuda:0": mib, "mps": mib, "cpu": 100_000}, **changes)


@scenario
async def test_an_idle_worker_of_another_pool_makes_room() -> None:
    pools = [needing(600, "sim-fine", pool="a"), needing(600, "sim-two", pool="b")]
    async with Fleet(pools, within(1000)) as fleet:
        await fleet.warm("sim-fine")
        assert await place(fleet, "sim-fine") == "cuda:0"
        assert await place(fleet, "sim-two") == "cuda:0"
        assert [each[0] for each in loaded(fleet.health())] == ["sim-two"]
        assert await place(fleet, "sim-fine") == "cuda:0"
        assert [each[0] for each in loaded(fleet.health())] == ["sim-fine"]


@scenario
async def test_what_fits_stays() -> None:
    pools = [needing(400, "sim-fine", pool="a"), needing(400, "sim-two", pool="b")]
    async with Fleet(pools, within(1000)) as fleet:
        pids = [(await say(fleet, "?", name=name)).worker_pid for name in ("sim-fine", "sim-two") * 2]
        assert pids[:2] == pids[2:]


@scenario
async def test_a_load_waits_for_a_worker_that_is_busy(tmp_path: Path) -> None:
    busy = replace(engine("busy"), memory_mib=600)
    pools = [
        PoolSpec(name="a", engines=(busy,), workers=1),
        PoolSpec(name="b", engines=(replace(engine("later"), memory_mib=600),), workers=1),
    ]
    notes = tmp_path / "notes"
    async with Fleet(pools, limits(device_memory_mib={"cpu": 1000})) as fleet:
        first = asyncio.create_task(say(fleet, "sleep 1.5", f"note {notes} first", name="busy"))
        await until(lambda: bool(fleet.health().pools[0].loaded))
        await say(fleet, f"note {notes} second", name="later")
        await first
    assert notes.read_text().split() == ["first", "second"]


@scenario
async def test_who_waited_long_takes_turns_with_one_that_is_never_idle() -> None:
    pools = [
        PoolSpec(name="a", engines=(replace(engine("busy"), memory_mib=600),), workers=1),
        PoolSpec(name="b", engines=(replace(engine("later"), memory_mib=600),), workers=1),
    ]
    async with Fleet(pools, limits(device_memory_mib={"cpu": 1000}, room_patience_s=0.5)) as fleet:
        calls = [asyncio.create_task(say(fleet, "sleep 0.2", name="busy")) for _ in range(30)]
        await until(lambda: bool(fleet.health().pools[0].loaded))
        await say(fleet, "x", name="later")
        assert not all(call.done() for call in calls)
        assert {(await call).attempts for call in calls} == {1}


@scenario
async def test_engines_of_one_pool_that_do_not_fit_together_take_turns() -> None:
    engines = tuple(replace(engine(name), memory_mib=600) for name in ("one", "two", "three"))
    spec = PoolSpec(name="a", engines=engines, workers=2, min_workers=1, idle_s=30.0)
    async with Fleet([spec], limits(device_memory_mib={"cpu": 1000})) as fleet:
        await asyncio.wait_for(fleet.warm("one", "two", "three"), 30)
        calls = [say(fleet, name, name=name) for name in ("one", "two", "three") * 3]
        answers = await asyncio.gather(*calls)
        assert [answer.reply for answer in answers] == [
            Punctuated(texts=(name,)) for name in ("one", "two", "three") * 3
        ]


@scenario
async def test_a_caller_who_gives_up_waiting_for_memory_leaves_no_claim() -> None:
    pools = [
        PoolSpec(name="a", engines=(replace(engine("busy"), memory_mib=600),), workers=1),
        PoolSpec(name="b", engines=(replace(engine("later"), memory_mib=600),), workers=1),
        PoolSpec(name="c", engines=(replace(engine("third"), memory_mib=300),), workers=1),
    ]
    async with Fleet(pools, limits(device_memory_mib={"cpu": 1000})) as fleet:
        busy = asyncio.create_task(say(fleet, "sleep 30", name="busy"))
        await until(lambda: bool(fleet.health().pools[0].loaded))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(say(fleet, "x", name="later"), 1.5)
        # It is not behind one whom nobody waits for.
        assert (await say(fleet, "x", name="third")).attempts == 1
        busy.cancel()
        assert (await say(fleet, "x", name="later")).attempts == 1


@scenario
async def test_what_is_larger_than_a_device_goes_to_the_next() -> None:
    async with Fleet([needing(2000, "sim-fine")], within(1000)) as fleet:
        answer = await say(fleet, "?", name="sim-fine")
        assert device_of(answer) == "cpu"
        assert "instead of cuda:0" in answer.notices[0]


@scenario
async def test_what_fits_nowhere_is_refused_with_both_numbers() -> None:
    spec = PoolSpec(name="a", engines=(replace(engine("huge"), memory_mib=2000), engine()), workers=1)
    async with Fleet([spec], limits(device_memory_mib={"cpu": 1000})) as fleet:
        with pytest.raises(Exception, match=r"2000 MiB.*1000 on cpu"):
            await say(fleet, "x", name="huge")
        assert "huge" in fleet.health().broken
        assert (await say(fleet, "x")).attempts == 1


@scenario
async def test_closing_ends_those_who_wait_for_memory() -> None:
    pools = [
        PoolSpec(name="a", engines=(replace(engine("busy"), memory_mib=600),), workers=1),
        PoolSpec(name="b", engines=(replace(engine("later"), memory_mib=600),), workers=1),
    ]
    async with Fleet(pools, limits(device_memory_mib={"cpu": 1000})) as fleet:
        busy = asyncio.create_task(say(fleet, "sleep 30", name="busy"))
        await until(lambda: bool(fleet.health().pools[0].loaded))
        later = asyncio.create_task(say(fleet, "x", name="later"))
        await until(lambda: fleet.health().pools[1].alive == 1)
    results = await asyncio.gather(busy, later, return_exceptions=True)
    assert all(isinstance(result, Exception) for result in results)


@scenario
async def test_pools_that_do_not_fit_together_are_warmed_one_after_the_other() -> None:
    pools = [
        PoolSpec(
            name=f"pool of {name}",
            engines=(replace(engine(name), memory_mib=600),),
            workers=1,
            min_workers=1,
            idle_s=60.0,
        )
        for name in ("one", "two", "three")
    ]
    async with Fleet(pools, limits(device_memory_mib={"cpu": 1000})) as fleet:
        for _ in range(3):
            await asyncio.wait_for(fleet.warm("one", "two", "three"), 30)
            assert len(loaded(fleet.health())) == 1
        answers = await asyncio.gather(*(say(fleet, "x", name=name) for name in ("one", "two", "three")))
        assert {answer.attempts for answer in answers} == {1}


# Broken engines.


@scenario
async def test_a_broken_engine_is_refused_at_once_while_others_serve_and_heals(tmp_path: Path) -> None:
    marker = tmp_path / "m"
    sick = engine("sick", "loads_when_told")
    spec = PoolSpec(
        name="a", engines=(sick, engine()), workers=1, environment={"PARLEY_TEST_MARKER": str(marker)}
    )
    async with Fleet([spec], limits(load_backoff_s=(0.1, 3600.0, 0.1))) as fleet:
        with pytest.raises(EngineBroken, match="sick"):
            await say(fleet, "x", name="sick")
        await asyncio.sleep(0.2)
        with pytest.raises(EngineBroken, match="sick"):  # tried again
            await say(fleet, "x", name="sick")
        marker.touch()
        refused = [say(fleet, "x", name="sick") for _ in range(20)]
        results = await asyncio.gather(*refused, return_exceptions=True)
        assert [type(result) for result in results] == [EngineBroken] * 20
        assert (await say(fleet, "fine")).attempts == 1
        assert "sick" in fleet.health().broken["sick"]
        assert not fleet.health().is_degraded


@scenario
async def test_after_its_wait_a_broken_engine_is_tried_again_and_well(tmp_path: Path) -> None:
    marker = tmp_path / "m"
    spec = PoolSpec(
        name="a",
        engines=(engine("sick", "loads_when_told"),),
        workers=1,
        environment={"PARLEY_TEST_MARKER": str(marker)},
    )
    async with Fleet([spec], limits(load_backoff_s=(0.1,))) as fleet:
        with pytest.raises(EngineBroken):
            await fleet.warm("sick")
        assert "sick" in fleet.health().broken
        marker.touch()
        await asyncio.sleep(0.2)
        await fleet.warm("sick")
        assert fleet.health().broken == {}
        assert (await say(fleet, "x", name="sick")).attempts == 1
