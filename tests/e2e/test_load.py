"""Many clients at once: every task ends once, nobody gets another's words, and nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import random
from contextlib import AsyncExitStack
from typing import Any

import psutil
import pytest

from tests.e2e.command import Parley
from tests.e2e.native import TERMINAL, line, tone
from tests.e2e.serving import Served, serve

MIB = 1024 * 1024
CLIENTS = 200
IDLE = 1000


@pytest.fixture
def many_files() -> None:
    resource = pytest.importorskip("resource", reason="Windows has no limit on open files to raise")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 8192:
        pytest.skip(f"needs 8192 open files, the system allows {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 8192), hard))


def test_two_hundred_clients_beside_a_thousand_idle_ones(parley: Parley, many_files: None) -> None:
    served = serve(parley.with_profile(asr="level", vad="whole", speakers="none"), "--workers", "2")
    served.wait_ready()
    known = [100 + number for number in range(20)]
    asyncio.run(_warm_up(served, known))
    process = psutil.Process(served.process.pid)

    async def main(first: int) -> list[tuple[int, list[dict[str, Any]]]]:
        async with AsyncExitStack() as stack:
            for _ in range(IDLE // 50):
                idle = [stack.enter_async_context(line(served.socket_url)) for _ in range(50)]
                for waiting in await asyncio.gather(*idle):
                    await waiting.expect("connected")
            # A third is known already, a third the same new thing, a third new to everybody.
            levels = [known[number % len(known)] for number in range(CLIENTS // 3)]
            levels += [first] * (CLIENTS // 3)
            levels += [first + 1 + number for number in range(CLIENTS - len(levels))]
            random.Random(7).shuffle(levels)
            return list(await asyncio.gather(*(_client(served, level) for level in levels)))

    asyncio.run(main(300))  # what is allocated once is allocated now
    gc.collect()
    before = process.memory_info().rss
    answered = asyncio.run(main(600))
    for level, heard in answered:
        ends = [message for message in heard if message["type"] in TERMINAL]
        assert [end["type"] for end in ends] == ["task_complete"], ends
        [segment] = ends[0]["data"]["result"]["segments"]
        assert segment["text"] == f"Level {level}."
    assert len(answered) == CLIENTS
    grown = process.memory_info().rss - before
    assert grown < 20 * MIB, f"{grown / MIB:.0f} MiB stayed"
    assert served.stop() == 0


async def _warm_up(served: Served, levels: list[int]) -> None:
    async with line(served.socket_url) as one:
        await one.expect("connected")
        for level in levels:
            await one.result(f"{level}.wav", tone(level))


async def _client(served: Served, level: int) -> tuple[int, list[dict[str, Any]]]:
    async with line(served.socket_url) as one:
        await one.expect("connected")
        task_id, kind = await one.upload(f"{level}.wav", tone(level), segments=True)
        if kind not in TERMINAL:
            await one.until(*TERMINAL)
        mine = [message for message in one.heard if message["data"].get("task_id") == task_id]
        # A pong after the end would come after anything else that was on its way.
        await one.send("ping")
        while (message := await one.next())["type"] != "pong":
            mine.append(message)
        return level, mine
