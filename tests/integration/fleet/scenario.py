"""What every fleet test needs: short deadlines, scripted engines, and proof that nothing is left."""

from __future__ import annotations

import asyncio
import functools
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ParamSpec

import psutil

from parley.engines.contract import EngineSpec, Role
from parley.fleet.fleet import Answer, Fleet
from parley.fleet.limits import FleetLimits
from parley.fleet.spec import PoolSpec
from parley.wire.frames import Punctuate, Punctuated

P = ParamSpec("P")

SCRIPTED = Path(__file__).parents[2] / "engines" / "scripted.py"

QUICK = FleetLimits(
    start_deadline_s=10.0,
    load_deadline_s=10.0,
    heartbeat_deadline_s=10.0,
    call_floor_s=10.0,
    call_per_audio_s=0.0,
    stop_grace_s=1.0,
    dump_grace_s=0.2,
    restart_backoff_s=0.02,
)


def limits(**changes: Any) -> FleetLimits:
    return replace(QUICK, **changes)


def engine(name: str = "scripted", factory: str = "Scripted", *, install: str = "") -> EngineSpec:
    return EngineSpec(
        name=name,
        role=Role.PUNCTUATION,
        factory=factory if "." in factory else f"{SCRIPTED}:{factory}",
        revision="1",
        summary="does what it is told",
        licence="Apache-2.0",
        install=install,
    )


def pool(workers: int = 1, *engines: EngineSpec, **changes: Any) -> PoolSpec:
    return PoolSpec(name="main", engines=engines or (engine(),), workers=workers, **changes)


async def say(fleet: Fleet, *commands: str, name: str = "scripted", **how: Any) -> Answer:
    return await fleet.call(name, Punctuate(texts=commands, language=None), how.pop("audio_s", 0.0), **how)


async def told(fleet: Fleet, *commands: str, **how: Any) -> str:
    """What the engine says to the last command."""
    reply = (await say(fleet, *commands, **how)).reply
    assert isinstance(reply, Punctuated)
    return reply.texts[-1]


def scenario(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Run a coroutine as a test; it must end in time and leave no process, task or descriptor."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def bounded() -> None:
            await asyncio.wait_for(asyncio.ensure_future(test(*args, **kwargs)), 40)
            await asyncio.sleep(0)
            left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            assert not left, f"tasks left: {left}"

        asyncio.run(bounded())
        assert worker_pids() == []

    return run


def worker_pids(of: int | None = None) -> list[int]:
    """Workers below a process (this one), zombies included."""
    children = psutil.Process(of or os.getpid()).children(recursive=True)
    return [child.pid for child in children if _is_worker(child)]


def _is_worker(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE or "parley.workers" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.01)
