"""What `/v1/system` shows of the rooms."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from parley.app.hardware import Hardware, device_facts, notices_of, read_hardware
from parley.app.system import SystemView, note_failure, worker_facts
from parley.fleet.health import FleetHealth, LoadedEngine, PoolHealth, WorkerHealth
from parley.jobs.books import DeskStats
from parley.jobs.task import ErrorType, Failure
from parley.server.http.system import System
from parley.telemetry.troubles import Troubles

MACHINE = Hardware(processor="A processor", cores=4, memory_mib=8000, cards=("NVIDIA L4",))

POOL = PoolHealth(
    name="speech",
    alive=1,
    starting=1,
    dead=0,
    waiting=0,
    restarts=0,
    recycled=0,
    gave_up=False,
    reasons=(),
    loaded=(
        LoadedEngine(name="moonshine", device="cpu", workers=1, memory_mib=100),
        LoadedEngine(name="silero", device="cpu", workers=1, memory_mib=20),
    ),
    notices=("The GPU is not taken: its driver is too old.",),
    workers=(
        WorkerHealth(state="busy", pid=os.getpid(), engines={"silero": "cpu", "moonshine": "cpu"}),
        WorkerHealth(state="starting"),
    ),
)
HEALTH = FleetHealth(pools=(POOL, replace(POOL, name="live", loaded=(), workers=())))
QUEUE = DeskStats(
    waiting=2,
    running=1,
    oldest_waiting_s=3.5,
    ended={"failed": 1},
    cache_hits=0,
    cache_misses=0,
    s_per_byte=0,
)


def view(**changes: Any) -> SystemView:
    parts: dict[str, Any] = {
        "health": lambda: HEALTH,
        "queue": lambda: QUEUE,
        "most_waiting": 500,
        "unready": lambda: ["the models are being loaded"],
        "profiles": tuple,
        "figures": lambda: {"live_lag_ms": 12.0},
        "sessions": {
            name: lambda: 1 for name in ("recordings", "live", "conversations", "speaking", "connections")
        },
        "troubles": Troubles(),
        **changes,
    }
    return SystemView(**parts)


def test_it_is_what_the_door_promises() -> None:
    troubles = Troubles(clock=lambda: 0.0)
    troubles.note("recordings", "undecodable_media", "There is no audio.")
    facts = System.model_validate(asyncio.run(view(troubles=troubles).facts()))
    assert (facts.ready, facts.reasons) == (False, ["the models are being loaded"])
    assert facts.queue.waiting == 2 and facts.queue.most_waiting == 500
    assert facts.sessions.live == 1
    assert [worker.state for worker in facts.workers] == ["busy", "starting"]
    assert facts.workers[0].rss_mib > 0, "it is this very process"
    assert facts.workers[1].pid is None
    assert facts.recent_errors[0].at == "1970-01-01T00:00:00+00:00"
    assert facts.notices == ["The GPU is not taken: its driver is too old."]
    assert facts.devices[0].cores and facts.devices[0].memory_mib


def test_devices_are_those_of_the_machine_and_those_in_use() -> None:
    apple = replace(POOL, loaded=(LoadedEngine(name="qwen", device="mps", workers=1, memory_mib=900),))
    told = device_facts(MACHINE, FleetHealth(pools=(POOL, apple)))
    assert [(each["name"], each["title"], each["held_mib"], each["engines"]) for each in told] == [
        ("cpu", "A processor", 120, ["moonshine", "silero"]),
        ("cuda:0", "NVIDIA L4", 0, []),
        ("mps", "Apple GPU (MPS)", 900, ["qwen"]),
    ]
    assert notices_of(HEALTH) == list(POOL.notices), "each once"


def test_the_machine_is_read_from_the_system(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Fast One\n")
    for place in ("0000:02:00.0", "0000:01:00.0"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "information").write_text(f"Model: \t\t Card at {place[5:7]}\nIRQ: 1\n")
    found = read_hardware(tmp_path, tmp_path / "cpuinfo")
    assert (found.processor, found.cards) == ("Fast One", ("Card at 01", "Card at 02"))
    bare = read_hardware(tmp_path / "nothing", tmp_path / "nothing")
    assert bare.cards == () and bare.cores >= 1 and bare.memory_mib > 0


def test_a_worker_that_is_gone_holds_nothing() -> None:
    assert worker_facts(HEALTH, {})[0]["rss_mib"] == 0


def test_a_failed_task_is_remembered_and_a_cancelled_one_is_not() -> None:
    troubles = Troubles()

    def over(code: str) -> Any:
        failure = Failure(code=code, kind=ErrorType.AUDIO, message="Why.") if code else None
        return cast("Any", SimpleNamespace(failure=failure))

    for code in ("", "job_cancelled", "undecodable_media"):
        note_failure(troubles, over(code))
    assert [(each.where, each.code) for each in troubles.recent()] == [("recordings", "undecodable_media")]
