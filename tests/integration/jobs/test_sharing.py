"""Identical tasks share one piece of work."""

from __future__ import annotations

import asyncio
from pathlib import Path

from parley.batch.wish import Wish
from parley.jobs.task import TaskState
from parley.jobs.updates import Over, Told
from parley.jobs.upload import Answered, Full, Queued, Started
from tests.integration.jobs.scene import ANN, BOB, Scene, until, with_desk


def test_twins_are_done_once_and_each_is_told_everything(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        gate = scene.gate(b"one")
        first = await scene.start(b"one", ANN)
        await scene.until_begun(b"one")
        second, acknowledged = await scene.send(b"one", BOB)
        assert isinstance(acknowledged, Started)
        assert (await scene.desk.get(BOB, second)).state is TaskState.PROCESSING
        watching = [asyncio.create_task(scene.watch(it, from_segment=0)) for it in (first, second)]
        gate.set()
        told: list[list[Told]] = []
        for task_id, updates in zip((first, second), await asyncio.gather(*watching), strict=True):
            assert isinstance(updates[-1], Over)
            assert (updates[-1].task.id, updates[-1].task.state) == (task_id, TaskState.COMPLETED)
            told.append([update for update in updates if isinstance(update, Told)])
        assert told[0] == told[1] and len(told[0]) == 8
        assert scene.fleet.script(b"one").recognised == 8

    with_desk(tmp_path, test)


def test_other_options_are_other_work(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        gate = scene.gate(b"one")
        first = await scene.start(b"one", ANN)
        await scene.until_begun(b"one")
        second = await scene.start(b"one", ANN, wish=Wish(speakers=None))
        gate.set()
        one, other = await scene.end(first), await scene.end(second)
        assert one.transcript != other.transcript
        _, transcript = await scene.desk.transcript(ANN, second)
        assert not transcript.diarized and not transcript.speakers

    with_desk(tmp_path, test)


def test_the_first_may_leave_and_the_work_goes_on(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        gate = scene.gate(b"one")
        first = await scene.start(b"one", ANN)
        await scene.until_begun(b"one")
        second = await scene.start(b"one", BOB)
        assert (await scene.desk.cancel(ANN, first)).state is TaskState.CANCELLED
        gate.set()
        assert (await scene.end(second)).state is TaskState.COMPLETED
        assert (await scene.end(first)).state is TaskState.CANCELLED
        assert scene.fleet.script(b"one").recognised == 8, "it was begun again"

    with_desk(tmp_path, test)


def test_the_last_to_leave_stops_the_work(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        scene.gate(b"one")
        first = await scene.start(b"one", ANN)
        await scene.until_begun(b"one")
        second = await scene.start(b"one", BOB)
        await scene.desk.cancel(ANN, first)
        await scene.desk.cancel(BOB, second)
        await until(lambda: scene.fleet.at_once == 0)
        again, acknowledged = await scene.send(b"one", BOB)
        assert isinstance(acknowledged, Started)
        scene.fleet.script(b"one").gate = None
        assert (await scene.end(again)).state is TaskState.COMPLETED

    with_desk(tmp_path, test)


def test_a_waiting_leader_may_leave_and_its_twin_keeps_the_place(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        gate = scene.gate(b"busy")
        await scene.start(b"busy", ANN)
        await scene.until_begun(b"busy")
        first, acknowledged = await scene.send(b"one", ANN)
        assert isinstance(acknowledged, Queued) and acknowledged.position == 1
        second, acknowledged = await scene.send(b"one", BOB)
        assert isinstance(acknowledged, Queued) and acknowledged.position == 1
        await scene.desk.cancel(ANN, first)
        task = await scene.desk.get(BOB, second)
        assert (task.state, task.queue_position) == (TaskState.PENDING, 1)
        gate.set()
        assert (await scene.end(second)).state is TaskState.COMPLETED
        assert scene.fleet.script(b"one").recognised == 8

    with_desk(tmp_path, test, running=1)


def test_twins_take_no_place_in_the_queue(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        gate = scene.gate(b"busy")
        await scene.start(b"busy", ANN)
        await scene.until_begun(b"busy")
        assert isinstance((await scene.send(b"one", ANN))[1], Queued)
        full = (await scene.send(b"two", ANN))[1]
        assert isinstance(full, Full) and full.retry_after_s >= 1
        assert (full.waiting, full.most_waiting) == (1, 1)
        twins = [await scene.start(b"one", BOB) for _ in range(5)]
        gate.set()
        for twin in twins:
            assert (await scene.end(twin)).state is TaskState.COMPLETED
        assert scene.fleet.script(b"one").recognised == 8

    with_desk(tmp_path, test, running=1, max_waiting=1)


def test_a_refresh_does_not_join_what_may_read_the_cache(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        anew = Wish(use_cache=False)
        old = await scene.start(b"one", ANN)
        await scene.end(old)
        scene.fleet.script(b"one").text = "changed"
        gate = scene.gate(b"one")
        first = await scene.start(b"one", ANN, wish=anew)
        await until(lambda: scene.fleet.script(b"one").recognised == 9)
        second = await scene.start(b"one", BOB, wish=anew)
        assert isinstance((await scene.send(b"one", ANN))[1], Answered), "the old transcript is still known"
        gate.set()
        assert (await scene.end(first)).transcript == (await scene.end(second)).transcript
        assert scene.fleet.script(b"one").recognised == 16
        assert "changed" in (await scene.desk.transcript(ANN, first))[1].text
        assert "said" in (await scene.desk.transcript(ANN, old))[1].text, "a finished task changed"
        known = await scene.start(b"one", ANN)
        assert "changed" in (await scene.desk.transcript(ANN, known))[1].text

    with_desk(tmp_path, test)


def test_many_twins_at_the_same_moment_are_one_work(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        sent = await asyncio.gather(*(scene.start(b"one", who) for who in (ANN, BOB) for _ in range(10)))
        tasks = await asyncio.gather(*(scene.end(task_id) for task_id in sent))
        assert {task.state for task in tasks} == {TaskState.COMPLETED}
        assert scene.fleet.script(b"one").recognised == 8

    with_desk(tmp_path, test)
