"""SIGKILL of the server, and its orderly end: nothing is lost, and hardly anything done twice."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.command import Parley, is_alive, wait_until, workers_of
from tests.e2e.native import Line, line, tone
from tests.e2e.serving import Served, serve

RUNNING = 3
QUEUED = 20
WORKERS = 2
QUEUE_DEPTH = 2
CHUNK = 16_000


@pytest.fixture
def slow(parley: Parley, tmp_path: Path) -> Parley:
    parley.settings |= {
        "PARLEY_TEST_WORK_S": "1.0",
        "PARLEY_TEST_CALLS": str(tmp_path / "calls"),
        "PARLEY_QUEUE__RUNNING": str(RUNNING),
    }
    return parley.with_profile(asr="level", vad="whole", speakers="none")


def start(command: Parley) -> Served:
    return serve(command, "--workers", str(WORKERS))


def test_killed_with_tasks_running_and_queued_and_uploads_half_done(slow: Parley, tmp_path: Path) -> None:
    served = start(slow)
    levels = [100 + number for number in range(RUNNING + QUEUED)]

    async def before() -> tuple[list[str], list[str]]:
        async with line(served.socket_url) as one:
            await one.expect("connected")
            tasks = [(await one.upload(f"{level}.wav", tone(level)))[0] for level in levels]
            halves = [await _half_upload(one, level) for level in (800, 801)]
            await _wait_for(one, tasks, "completed", 2)
            await _wait_for(one, tasks, "processing", RUNNING)
            return tasks, halves

    tasks, halves = asyncio.run(before())
    orphans = workers_of(served.process.pid)
    served.kill()
    wait_until(lambda: not any(map(is_alive, orphans)))
    calls_before = _calls(tmp_path)

    served = start(slow)

    async def after() -> None:
        async with line(served.socket_url) as one, line(served.socket_url) as other:
            await one.expect("connected")
            await other.expect("connected")
            await other.send("subscribe", task_id=tasks[-1])
            for half, level in zip(halves, (800, 801), strict=True):
                result = await _finish_upload(one, half, level)
                assert result["segments"][0]["text"] == f"Level {level}."
            await _wait_for(one, tasks, "completed", len(tasks))
            await one.send("task_status_batch", task_ids=tasks)
            items = (await one.until("task_status_batch"))["data"]["items"]
            texts = [item["result"]["segments"][0]["text"] for item in items]
            assert texts == [f"Level {level}." for level in levels]
            assert (await other.until("task_complete"))["data"]["task_id"] == tasks[-1]

    asyncio.run(after())
    in_flight = WORKERS * QUEUE_DEPTH
    done = _calls(tmp_path)
    print(f"units: {done}, of them before the kill: {calls_before}, in flight at most: {in_flight}")
    assert len(levels) + 2 <= done <= len(levels) + 2 + in_flight
    assert served.stop() == 0


def test_stopping_leaves_no_process_and_loses_nothing(slow: Parley) -> None:
    served = start(slow)

    async def submit() -> str:
        async with line(served.socket_url) as one:
            await one.expect("connected")
            task, _ = await one.upload("300.wav", tone(300))
            await _wait_for(one, [task], "processing", 1)
            return task

    task = asyncio.run(submit())
    family = psutil.Process(served.process.pid).children(recursive=True)
    assert served.stop() == 0
    assert not any(map(is_alive, family))
    assert not any("Traceback" in said for said in served.lines)

    served = start(slow)

    async def collect() -> dict[str, Any]:
        async with line(served.socket_url) as one:
            await one.send("subscribe", task_id=task)
            return await one.until("task_complete")

    assert asyncio.run(collect())["data"]["task_id"] == task
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(60) == 0


def _calls(folder: Path) -> int:
    path = folder / "calls"
    return len(path.read_text().splitlines()) if path.exists() else 0


async def _wait_for(one: Line, tasks: list[str], status: str, count: int) -> None:
    """Ask until so many of the tasks have the status."""
    for _ in range(600):
        await one.send("task_status_batch", task_ids=tasks)
        items = (await one.until("task_status_batch"))["data"]["items"]
        if sum(item["status"] == status for item in items) >= count:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"there were never {count} tasks {status}: {items}")


async def _half_upload(one: Line, level: int) -> str:
    content = tone(level)
    chunks = -(-len(content) // CHUNK)
    await one.send(
        "upload_request",
        file_name=f"{level}.wav",
        file_size=len(content),
        file_hash=hashlib.md5(content).hexdigest(),
        upload_mode="chunked",
        chunk_size=CHUNK,
        total_chunks=chunks,
    )
    task_id = (await one.until("upload_ready"))["data"]["task_id"]
    for index in range(0, chunks, 2):
        await _send_chunk(one, task_id, content, index)
    return task_id


async def _send_chunk(one: Line, task_id: str, content: bytes, index: int) -> None:
    chunk = content[index * CHUNK : (index + 1) * CHUNK]
    await one.send(
        "upload_chunk",
        task_id=task_id,
        chunk_index=index,
        chunk_data=base64.b64encode(chunk).decode(),
        chunk_hash=hashlib.md5(chunk).hexdigest(),
    )
    received = await one.until("chunk_received", "error")
    assert received["type"] == "chunk_received", json.dumps(received)


async def _finish_upload(one: Line, task_id: str, level: int) -> dict[str, Any]:
    content = tone(level)
    await one.send("upload_status", task_id=task_id)
    state = (await one.until("upload_status"))["data"]
    # What came in the last quarter of a second before the end may have to be sent again.
    assert any(first <= 1 <= last for first, last in state["missing"])
    for first, last in state["missing"]:
        for index in range(first, last + 1):
            await _send_chunk(one, task_id, content, index)
    await one.until("upload_complete", "task_queued")
    ended = await one.until("task_complete", "error")
    assert ended["data"]["task_id"] == task_id, ended
    return ended["data"]["result"]
