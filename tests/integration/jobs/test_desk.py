"""A task from its admission to its result."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from parley.errors import CancelFailed, TaskNotFound
from parley.jobs.task import TaskState
from parley.jobs.updates import Moved, Over, Told
from parley.jobs.upload import Answered, Started
from parley.wire.native.result import JsonResult, TextResult
from tests.integration.jobs.scene import ANN, BOB, ROOT, Scene, with_desk


def test_a_task_runs_and_its_result_is_rendered_in_any_format(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        task_id, acknowledged = await scene.send(b"one")
        assert isinstance(acknowledged, Started)
        updates = await scene.watch(task_id, ANN, from_segment=0)
        assert isinstance(updates[0], Moved)
        told = [update for update in updates if isinstance(update, Told)]
        assert [piece.number for piece in told] == list(range(len(told))) and len(told) == 8
        assert [type(update) for update in updates].count(Over) == 1
        task = await scene.desk.get(ANN, task_id)
        assert (task.state, task.progress, task.duration) == (TaskState.COMPLETED, 100.0, 40.0)
        assert task.processing_s > 0 and task.has_media
        result = await scene.desk.result(ANN, task_id)
        assert isinstance(result, JsonResult)
        assert result.speakers == ["Speaker1", "Speaker2"] and result.task_id == task_id
        subtitles = await scene.desk.result(ANN, task_id, "srt")
        assert isinstance(subtitles, TextResult) and subtitles.content.startswith("1\n00:00:0")

    with_desk(tmp_path, test)


def test_what_is_remembered_answers_at_once(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.end(await scene.start(b"one"))
        task_id, acknowledged = await scene.send(b"one", BOB)
        assert isinstance(acknowledged, Answered)
        updates = await scene.watch(task_id, BOB, from_segment=0)
        assert isinstance(updates[-1], Over) and updates[-1].task.state is TaskState.COMPLETED
        assert all(isinstance(update, Told) and update.final for update in updates[:-1])

    with_desk(tmp_path, test)


def test_a_task_is_nobody_elses_business(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        task_id = await scene.start(b"one")
        await scene.end(task_id, ANN)
        for attempt in (
            scene.desk.get(BOB, task_id),
            scene.desk.cancel(BOB, task_id),
            scene.desk.result(BOB, task_id),
            scene.desk.recording_path(BOB, task_id),
            scene.watch(task_id, BOB),
        ):
            with pytest.raises(TaskNotFound):
                await attempt
        assert (await scene.desk.list(BOB, limit=10, cursor=None, state=None))[0] == []
        assert len((await scene.desk.list(ROOT, limit=10, cursor=None, state=None))[0]) == 1

    with_desk(tmp_path, test)


def test_a_running_task_is_cancelled_for_good(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        scene.gate(b"one")
        task_id = await scene.start(b"one")
        await scene.until_begun(b"one")
        watching = asyncio.create_task(scene.watch(task_id))
        await asyncio.sleep(0)
        task = await scene.desk.cancel(ANN, task_id)
        assert task.state is TaskState.CANCELLED
        assert isinstance((await watching)[-1], Over)
        with pytest.raises(CancelFailed):
            await scene.desk.cancel(ANN, task_id)
        assert (await scene.end(task_id)).state is TaskState.CANCELLED

    with_desk(tmp_path, test)
