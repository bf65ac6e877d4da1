"""The desk with real worker processes."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np

from parley.batch.wish import Wish
from parley.engines.contract import Capability, EngineSpec, Role
from parley.engines.profiles import Profile
from parley.fleet.fleet import Fleet
from parley.fleet.spec import PoolSpec
from parley.jobs.task import TaskState
from parley.speech.recognition import RecognitionOptions
from tests.integration.fleet.scenario import SCRIPTED, limits, scenario, until, worker_pids
from tests.integration.jobs.scene import ANN, opened

ROLES = (Role.MEDIA, Role.VAD, Role.ASR, Role.SPEAKERS)


def engine(role: Role) -> EngineSpec:
    return EngineSpec(
        name=role.value, role=role, factory=f"{SCRIPTED}:Scripted", revision="1", summary="", licence="MIT",
        capabilities=frozenset({Capability.PROMPT}),
    )  # fmt: skip


PROFILE = Profile("test", {role: engine(role) for role in ROLES})
POOLS = (
    PoolSpec(name="media", engines=(engine(Role.MEDIA),), workers=1),
    PoolSpec(name="speech", engines=tuple(engine(role) for role in ROLES[1:]), workers=2, idle_s=60.0),
)
SOUND = (np.ones(16000 * 4, dtype="<i2") * 9000).tobytes()


def prompt(text: str) -> Wish:
    return Wish(recognition=RecognitionOptions(prompt=text))


@scenario
async def test_cancelling_frees_the_worker_within_its_grace(tmp_path: Path) -> None:
    async with (
        Fleet(POOLS, limits(stop_grace_s=1.0)) as fleet,
        opened(tmp_path, fleet, {"test": PROFILE}) as scene,  # type: ignore[arg-type]
    ):
        task_id = await scene.start(SOUND, wish=prompt("creep 400 0.1"))
        async with asyncio.timeout(40):
            while (await scene.desk.get(ANN, task_id)).progress < 10:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        before = set(worker_pids())
        began = time.monotonic()
        assert (await scene.desk.cancel(ANN, task_id)).state is TaskState.CANCELLED
        told_s = time.monotonic() - began
        await until(lambda: len(before & set(worker_pids())) < len(before))
        print(f"told after {told_s:.2f} s, its worker gone after {time.monotonic() - began:.2f} s")
        assert (await scene.end(await scene.start(SOUND))).state is TaskState.COMPLETED


@scenario
async def test_a_worker_that_does_not_move_is_a_failure_of_its_task(tmp_path: Path) -> None:
    async with (
        Fleet(POOLS, limits(call_floor_s=0.5)) as fleet,
        opened(tmp_path, fleet, {"test": PROFILE}) as scene,  # type: ignore[arg-type]
    ):
        task = await scene.end(await scene.start(SOUND, wish=prompt("stall 20 1")))
        assert task.state is TaskState.COMPLETED, "the part is lost, not the task"
        assert (await scene.desk.transcript(ANN, task.id))[1].failed
