"""A server that is killed loses nothing, and does nothing twice but what was in its hands."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from parley.errors import ServerInUse, StoreBroken
from parley.jobs import workflow
from parley.jobs.task import Priority, TaskState
from parley.jobs.updates import Moved, Told
from parley.storage.store import Store
from tests.integration.jobs.mortal import RUNNING, fleet_of
from tests.integration.jobs.scene import ANN, ROOT, opened, until

ROOT_OF_TESTS = Path(__file__).parents[3]


def units(folder: Path) -> list[str]:
    path = folder / "units"
    return path.read_text().splitlines() if path.exists() else []


class Mortal:
    """The process of mortal.py."""

    def __init__(self, folder: Path, command: str) -> None:
        arguments = [sys.executable, "-m", "tests.integration.jobs.mortal", str(folder), command]
        self.process = subprocess.Popen(arguments, cwd=ROOT_OF_TESTS, stdout=subprocess.PIPE, text=True)

    def wait_ready(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()


def kill_after(folder: Path, command: str, seen: int) -> list[str]:
    mortal = Mortal(folder, command)
    try:
        mortal.wait_ready()
        end = time.monotonic() + 60
        while len(units(folder)) < seen:
            assert time.monotonic() < end and mortal.process.poll() is None
            time.sleep(0.01)
    finally:
        mortal.kill()
    return (folder / "ids").read_text().split()


@pytest.mark.parametrize("seen", [0, 5, 30])
def test_after_sigkill_every_task_is_completed_and_only_units_in_flight_are_repeated(
    tmp_path: Path, seen: int
) -> None:
    ids = kill_after(tmp_path, "send", seen)

    async def body() -> None:
        async with opened(tmp_path, fleet_of(tmp_path, 0.0), running=RUNNING) as scene:
            before = {task_id: (await scene.desk.get(ROOT, task_id)).progress for task_id in ids}
            for task_id in ids:
                updates = await scene.watch(task_id, from_segment=0)
                progress = [update.progress for update in updates if isinstance(update, Moved)]
                assert all(value >= before[task_id] for value in progress)
                told = [update for update in updates if isinstance(update, Told)]
                assert [piece.number for piece in told] == list(range(8)), "told twice or not at all"
                assert (await scene.desk.get(ROOT, task_id)).state is TaskState.COMPLETED

    asyncio.run(body())
    counted = Counter(units(tmp_path))
    repeated = {unit for unit, times in counted.items() if times > 1}
    assert len(counted) == 12 * 8
    assert max(counted.values()) <= 2 and len(repeated) <= RUNNING


def test_killed_again_and_again_the_work_still_ends(tmp_path: Path) -> None:
    ids = kill_after(tmp_path, "send", 2)
    for more in (8, 14):
        kill_after(tmp_path, "go on", more)

    async def body() -> None:
        async with opened(tmp_path, fleet_of(tmp_path, 0.0), running=RUNNING) as scene:
            for task_id in ids:
                assert (await scene.end(task_id)).state is TaskState.COMPLETED

    asyncio.run(body())
    assert len(units(tmp_path)) <= 12 * 8 + 3 * RUNNING


def test_what_was_cancelled_stays_cancelled(tmp_path: Path) -> None:
    ids = kill_after(tmp_path, "cancel", 3)

    async def body() -> None:
        async with opened(tmp_path, fleet_of(tmp_path, 0.0), running=RUNNING) as scene:
            states = [(await scene.end(task_id)).state for task_id in ids]
            assert states[-3:] == [TaskState.CANCELLED] * 3
            assert set(states[:-3]) == {TaskState.COMPLETED}
            await until(lambda: not scene.fleet.at_once)

    asyncio.run(body())


def test_only_one_server_may_have_a_data_directory(tmp_path: Path) -> None:
    mortal = Mortal(tmp_path, "nothing")
    try:
        mortal.wait_ready()

        async def body() -> None:
            with pytest.raises(ServerInUse, match="data directory"):
                async with opened(tmp_path):
                    pass

        asyncio.run(body())
    finally:
        mortal.kill()

    async def again() -> None:
        async with opened(tmp_path) as scene:
            assert (await scene.end(await scene.start(b"one"))).state is TaskState.COMPLETED

    asyncio.run(again())


def test_a_task_whose_workflow_was_lost_or_is_over_is_queued_again(tmp_path: Path) -> None:
    async def first() -> list[str]:
        async with opened(tmp_path, running=1) as scene:
            scene.gate(b"busy")
            ids = [await scene.start(content) for content in (b"busy", b"one", b"two")]
            await scene.until_begun(b"busy")
            return ids

    async def lose(ids: list[str]) -> None:
        """What a crash between the two files leaves."""

        class Nobody:
            async def recognise(self, task_id: str) -> workflow.Ending:
                return {}

            async def conclude(self, task_id: str, ending: workflow.Ending) -> None:
                pass

        async with workflow.open_workflows(tmp_path / "data", Nobody(), running=3) as workflows:
            while await workflows.live():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            assert await workflows.over() == set(ids)
            await workflows.forget(ids[1:2])

    async def second(ids: list[str]) -> None:
        async with opened(tmp_path, running=1) as scene:
            for task_id in ids:
                assert (await scene.end(task_id)).state is TaskState.COMPLETED
            assert [scene.fleet.script(it).recognised for it in (b"busy", b"one", b"two")] == [8, 8, 8]

    ids = asyncio.run(first())
    asyncio.run(lose(ids))
    asyncio.run(second(ids))


def test_unfinished_workflows_of_another_version_are_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def first() -> list[str]:
        async with opened(tmp_path, running=1) as scene:
            scene.gate(b"busy")
            ids = [await scene.start(content) for content in (b"busy", b"one")]
            await scene.until_begun(b"busy")
            return ids

    async def second(ids: list[str]) -> None:
        async with opened(tmp_path) as scene:
            for task_id in ids:
                assert (await scene.end(task_id)).state is TaskState.COMPLETED

    ids = asyncio.run(first())
    monkeypatch.setattr(workflow, "APPLICATION_VERSION", "2")
    asyncio.run(second(ids))


def test_a_task_of_an_unknown_shape_fails_instead_of_the_start(tmp_path: Path) -> None:
    async def body() -> None:
        async with opened(tmp_path) as scene:
            scene.gate(b"one")
            task_id = await scene.start(b"one")
            row = await scene.store.tasks.get(task_id)
            assert row is not None
        store = await Store.open(tmp_path / "data")
        await store.tasks.add(replace(row, id="odd", work="odd.1", order=b"{}", turn=row.turn + 1))
        await store.close()
        async with opened(tmp_path) as scene:
            assert (await scene.end(task_id)).state is TaskState.COMPLETED
            broken = await scene.desk.get(ANN, "odd")
            assert broken.state is TaskState.FAILED and broken.failure is not None
            tasks, _ = await scene.desk.list(ANN, limit=10, cursor=None, state=None)
            assert {task.id for task in tasks} == {"odd", task_id}

    asyncio.run(body())


def test_the_priority_and_turn_of_waiting_tasks_survive(tmp_path: Path) -> None:
    async def first() -> None:
        async with opened(tmp_path, running=1) as scene:
            scene.gate(b"busy")
            await scene.start(b"busy")
            await scene.until_begun(b"busy")
            for number in range(4):
                await scene.start(f"ann {number}".encode(), ANN)
            await scene.start(b"low", ROOT, priority=Priority.LOW)
            await scene.start(b"bob", ROOT)
            await scene.start(b"high", ROOT, priority=Priority.HIGH)

    async def second() -> list[str]:
        async with opened(tmp_path, running=1) as scene:
            ended: list[str] = []
            scene.desk.on_conclusion(lambda task: ended.append(task.sha256))
            await until(lambda: len(ended) == 8)
            names = {scene.store.recordings.path(it): it for it in ended}
            return [path.read_text() for path in names]

    asyncio.run(first())
    order = asyncio.run(second())
    assert order[0] == "high" and order[-1] == "low"
    assert order.index("bob") <= 3


@pytest.mark.parametrize("whole", [True, False])
def test_a_damaged_queue_is_told_and_costs_no_task(tmp_path: Path, whole: bool) -> None:
    async def send() -> str:
        async with opened(tmp_path) as scene:
            scene.gate(b"one")
            task_id = await scene.start(b"one")
            await scene.until_begun(b"one")
            return task_id

    async def refused() -> None:
        async with opened(tmp_path):
            pass

    async def collect(task_id: str) -> None:
        async with opened(tmp_path) as scene:
            assert (await scene.end(task_id)).state is TaskState.COMPLETED

    task_id = asyncio.run(send())
    database = tmp_path / "data" / workflow.DATABASE
    content = database.read_bytes()
    middle = 0 if whole else len(content) // 2
    database.write_bytes(content[:middle] + b"nonsense" * ((len(content) - middle) // 8))
    with pytest.raises(StoreBroken, match=r"move dbos\.db, .*No task is lost"):
        asyncio.run(refused())
    database.unlink()
    asyncio.run(collect(task_id))
