"""How the server's event loop fares under many clients, against an idle loop beside the same workers."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import re
import resource
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.e2e.command import Parley
from tests.e2e.native import TERMINAL, line, tone
from tests.e2e.serving import Served, serve

MIB = 1024 * 1024
CLIENTS = 200
IDLE = 1000
EVERY_S = 0.1
_BUCKET = re.compile(r'parley_event_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)')


@dataclass(frozen=True)
class Load:
    """99th percentiles of loop lag in seconds, the time it all took, and the memory that stayed."""

    server_lag_s: float
    idle_lag_s: float
    wall_s: float
    grown_bytes: int
    ended: int


def measure(served: Served) -> Load:
    """200 clients at once, a third each of known, equal and new recordings, beside 1,000 idle lines."""
    known = [100 + number for number in range(20)]
    asyncio.run(_load(served, known, first=300))
    process = psutil.Process(served.process.pid)
    memory = process.memory_info().rss
    stop = multiprocessing.get_context("spawn").Event()
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    idle = multiprocessing.get_context("spawn").Process(target=_idle_loop, args=(theirs, stop), daemon=True)
    idle.start()
    ours.recv()
    ended, wall_s, before, after = asyncio.run(_load(served, known, first=600))
    stop.set()
    lags = sorted(ours.recv())
    idle.join(10)
    counts = [(bound, after[bound] - before[bound]) for bound in after]
    idle_counts = [(bound, float(sum(lag <= bound for lag in lags))) for bound in after]
    return Load(_p99(counts), _p99(idle_counts), wall_s, process.memory_info().rss - memory, ended)


Measured = tuple[int, float, dict[float, float], dict[float, float]]


async def _load(served: Served, known: list[int], first: int) -> Measured:
    """Tasks completed, the time it took, and the lags counted before and after."""
    async with AsyncExitStack() as stack:
        for _ in range(IDLE // 50):
            lines = [stack.enter_async_context(line(served.socket_url)) for _ in range(50)]
            for one in await asyncio.gather(*lines):
                await one.expect("connected")
        levels = [known[number % len(known)] for number in range(CLIENTS // 3)]
        levels += [first] * (CLIENTS // 3)
        levels += [first + 1 + number for number in range(CLIENTS - len(levels))]
        random.Random(7).shuffle(levels)
        await asyncio.sleep(2)
        before = await asyncio.to_thread(_buckets, served)
        began = time.monotonic()
        ended = await asyncio.gather(*(_client(served, level) for level in levels))
        wall_s = time.monotonic() - began
        return sum(ended), wall_s, before, await asyncio.to_thread(_buckets, served)


async def _client(served: Served, level: int) -> bool:
    async with line(served.socket_url) as one:
        await one.expect("connected")
        ended: dict[str, Any] = await one.result(f"{level}.wav", tone(level, seconds=5.0))
        assert ended["type"] in TERMINAL
        return ended["type"] == "task_complete"


def _idle_loop(pipe: Any, stop: Any) -> None:
    """What the server's own gauge does, in a process with nothing else to do."""

    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        lags: list[float] = []
        while not stop.is_set():
            due = loop.time() + EVERY_S
            await asyncio.sleep(EVERY_S)
            lags.append(max(0.0, loop.time() - due))
        return lags

    pipe.send("ready")
    pipe.send(asyncio.run(main()))


def _buckets(served: Served) -> dict[float, float]:
    found = _BUCKET.findall(served.get("/metrics").text)
    return {float(bound): float(count) for bound, count in found}


def _p99(counts: list[tuple[float, float]]) -> float:
    """Interpolated inside the bucket, as Prometheus does."""
    total = counts[-1][1]
    lower, below = 0.0, 0.0
    for bound, count in counts:
        if count >= 0.99 * total and count > below:
            upper = lower if bound == float("inf") else bound
            return lower + (upper - lower) * (0.99 * total - below) / (count - below)
        lower, below = bound, count
    return lower


def report() -> str:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    with tempfile.TemporaryDirectory() as folder:
        parley = Parley(Path(folder), Path(folder) / "data")
        # A tenth of a second of work for each recording, so that the workers are busy all the time.
        parley.settings["PARLEY_TEST_WORK_S"] = "0.1"
        served = serve(parley.with_profile(asr="level", vad="whole", speakers="none"), "--workers", "2")
        try:
            served.wait_ready()
            load = measure(served)
        finally:
            served.stop()
    return f"""## Load

`python -m tests.bench load`. {CLIENTS} clients at once, a third each with known, equal and new recordings of 5 s, beside
{IDLE} idle lines; clients, server and two workers share the machine. The idle loop is a process of its own that does nothing but
measure its lag every {EVERY_S:g} s, as the server does.

| | measured | bar |
|---|---|---|
| tasks completed | {load.ended} of {CLIENTS} | all |
| until all had their answer | {load.wall_s:.1f} s | |
| event-loop lag p99, server | {load.server_lag_s * 1000:.1f} ms | |
| event-loop lag p99, idle loop | {load.idle_lag_s * 1000:.1f} ms | |
| ratio | {load.server_lag_s / load.idle_lag_s:.1f} | 3 |
| memory that stayed | {load.grown_bytes / MIB:.0f} MiB | 20 MiB |
"""
