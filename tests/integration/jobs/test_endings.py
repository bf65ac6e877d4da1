"""Every task ends exactly once: completed, failed by its kind of error, timed out, or cancelled."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import uuid
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from parley.errors import (
    CancelFailed,
    DiskFull,
    EngineFailed,
    FleetClosed,
    JobStalled,
    ParleyError,
    ProfileNotInstalled,
    ResultNotReady,
    StorageError,
    TaskNotFound,
    UndecodableMedia,
    WorkerDied,
    WorkerHung,
    WorkersExhausted,
)
from parley.jobs import workflow
from parley.jobs.principal import Principal
from parley.jobs.task import ErrorType, Order, Task, TaskState
from parley.jobs.updates import Moved, Over
from parley.jobs.upload import Full
from parley.storage.tasks import StoredTask
from tests.integration.jobs.scene import ANN, ISLANDS, ROOT, Scene, opened, until, with_desk


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UndecodableMedia("No."), ErrorType.AUDIO),
        (WorkersExhausted("No."), ErrorType.WORKER),
        (WorkerDied("No."), ErrorType.WORKER),
        (WorkerHung("No."), ErrorType.TIMEOUT),
        (ProfileNotInstalled("No."), ErrorType.MODEL),
        (DiskFull("No."), ErrorType.INTERNAL),
    ],
)
def test_failures_have_a_kind_by_their_class(tmp_path: Path, error: ParleyError, kind: ErrorType) -> None:
    async def test(scene: Scene) -> None:
        scene.fleet.script(b"one").always = error
        task = await scene.end(await scene.start(b"one"))
        assert task.state is TaskState.FAILED and task.failure is not None
        assert (task.failure.code, task.failure.kind, task.failure.message) == (error.code, kind, "No.")
        with pytest.raises(type(error)):
            await scene.desk.result(ANN, task.id)
        tries = scene.fleet.script(b"one").recognised
        assert tries == (1 if error.permanent else 2), "retries go by permanence"

    with_desk(tmp_path, test, attempts=2)


def test_what_passes_is_tried_again_and_what_was_done_is_kept(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        script = scene.fleet.script(b"one")
        script.errors = [WorkerDied("x"), DiskFull("x")]
        task = await scene.end(await scene.start(b"one"))
        assert task.state is TaskState.COMPLETED
        assert script.recognised == 10

    with_desk(tmp_path, test)


def test_an_exception_nobody_foresaw_fails_that_task_only(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        scene.fleet.script(b"bad").always = RuntimeError("secret /srv/path")
        bad, good = await scene.start(b"bad"), await scene.start(b"good")
        failed = await scene.end(bad)
        assert failed.failure is not None and failed.failure.kind is ErrorType.INTERNAL
        assert "secret" not in failed.failure.message and failed.failure.code == "internal_error"
        assert (await scene.end(good)).state is TaskState.COMPLETED

    with_desk(tmp_path, test)


def test_a_part_that_fails_is_missing_from_a_transcript_that_is_not_cached(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        scene.fleet.script(b"one").errors = [EngineFailed("x")]
        first = await scene.end(await scene.start(b"one"))
        assert first.state is TaskState.COMPLETED
        assert (await scene.desk.transcript(ANN, first.id))[1].failed
        second = await scene.end(await scene.start(b"one"))
        assert not (await scene.desk.transcript(ANN, second.id))[1].failed
        assert (await scene.desk.transcript(ANN, first.id))[1].failed

    with_desk(tmp_path, test)


def test_a_task_without_a_sign_of_life_is_timed_out(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        scene.gate(b"one")
        task = await scene.end(await scene.start(b"one"))
        assert task.state is TaskState.TIMED_OUT and task.failure is not None
        assert (task.failure.code, task.failure.kind) == (JobStalled.code, ErrorType.TIMEOUT)
        assert scene.fleet.at_once == 0, "it goes on"

    with_desk(tmp_path, test, silence_s=0.4)


def test_a_waiting_task_that_is_cancelled_never_starts(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        gate = scene.gate(b"busy")
        busy = await scene.start(b"busy")
        await scene.until_begun(b"busy")
        waiting = await scene.start(b"one")
        watching = asyncio.create_task(scene.watch(waiting))
        await scene.desk.cancel(ANN, waiting)
        assert isinstance((await watching)[-1], Over)
        gate.set()
        await scene.end(busy)
        last = await scene.start(b"last")
        assert (await scene.end(last)).state is TaskState.COMPLETED
        assert scene.fleet.script(b"one").asked == []
        assert (await scene.desk.get(ANN, waiting)).state is TaskState.CANCELLED

    with_desk(tmp_path, test, running=1)


def test_cancelling_what_is_over_is_refused(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        done = await scene.start(b"one")
        await scene.end(done)
        scene.fleet.script(b"bad").always = UndecodableMedia("No.")
        failed = await scene.start(b"bad")
        await scene.end(failed)
        for task_id in (done, failed):
            before = await scene.desk.get(ANN, task_id)
            with pytest.raises(CancelFailed):
                await scene.desk.cancel(ANN, task_id)
            assert await scene.desk.get(ANN, task_id) == before
        with pytest.raises(TaskNotFound):
            await scene.desk.cancel(ANN, "nobody")

    with_desk(tmp_path, test)


def test_cancelling_at_any_moment_ends_a_task_once(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        dice = random.Random(7)
        ended: list[Task] = []
        scene.desk.on_conclusion(ended.append)

        async def one(number: int) -> None:
            content = f"recording {number}".encode()
            scene.fleet.script(content).each_s = 0.01
            task_id = await scene.start(content)
            watching = asyncio.create_task(scene.watch(task_id))
            await asyncio.sleep(dice.uniform(0, 0.6))
            try:
                cancelled = (await scene.desk.cancel(ANN, task_id)).state
            except CancelFailed:
                cancelled = TaskState.COMPLETED
            updates = await watching
            overs = [update.task.state for update in updates if isinstance(update, Over)]
            assert overs == [cancelled] and isinstance(updates[-1], Over)
            assert (await scene.desk.get(ANN, task_id)).state is cancelled

        await asyncio.gather(*(one(number) for number in range(30)))
        await until(lambda: len(ended) == 30)
        assert len({task.id for task in ended}) == 30
        assert scene.desk.stats().running == scene.desk.stats().waiting == 0

    with_desk(tmp_path, test, running=4)


def test_a_hundred_tasks_of_ten_users_end_once_each(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        ended: list[Task] = []
        scene.desk.on_conclusion(ended.append)
        people = [Principal(user=f"user {number}") for number in range(10)]
        contents = [f"recording {number % 25}".encode() for number in range(100)]
        scene.fleet.script(contents[3]).always = UndecodableMedia("No.")
        sent = await asyncio.gather(
            *(scene.start(content, people[place % 10]) for place, content in enumerate(contents))
        )
        tasks = await asyncio.gather(*(scene.end(task_id) for task_id in sent))
        assert [task.id for task in tasks] == sent
        for task, content in zip(tasks, contents, strict=True):
            bad = content == contents[3]
            assert task.state is (TaskState.FAILED if bad else TaskState.COMPLETED)
        assert sorted(task.id for task in ended) == sorted(sent)
        assert scene.fleet.most_at_once <= 3
        stats = scene.desk.stats()
        assert stats.ended["completed"] == 96 and stats.ended["failed"] == 4

    with_desk(tmp_path, test, running=3)


def test_too_many_of_one_user_are_refused_and_others_get_in(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        gate = scene.gate(b"busy")
        await scene.start(b"busy", ROOT)
        await scene.until_begun(b"busy")
        sent = [await scene.start(f"{number}".encode()) for number in range(2)]
        refused, full = await scene.send(b"3")
        assert isinstance(full, Full) and full.most_waiting == 2
        with pytest.raises(TaskNotFound):
            await scene.desk.get(ANN, refused)
        sent.append(await scene.start(b"4", ROOT))
        gate.set()
        for task_id in sent:
            assert (await scene.end(task_id)).state is TaskState.COMPLETED
        assert not isinstance((await scene.send(b"3"))[1], Full)

    with_desk(tmp_path, test, running=1, max_waiting_per_user=2)


def test_progress_never_falls_and_is_repeated(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        scene.fleet.script(b"one").each_s = 0.3
        updates = await scene.watch(await scene.start(b"one"))
        progress = [update.progress for update in updates if isinstance(update, Moved)]
        assert progress == sorted(progress)
        assert any(10 < value < 99 for value in progress)
        with pytest.raises(ResultNotReady):
            scene.gate(b"two")
            await scene.desk.result(ANN, await scene.start(b"two"))

    with_desk(tmp_path, test)


def test_a_watcher_hears_something_while_nothing_happens(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        scene.gate(b"busy")
        await scene.start(b"busy")
        waiting = await scene.start(b"one")
        for task_id in (waiting,):
            heard = 0
            async for update in scene.desk.watch(ANN, task_id):
                assert isinstance(update, Moved)
                heard += 1
                if heard == 4:
                    break

    with_desk(tmp_path, test, running=1, heartbeat_s=0.05)


def test_when_the_desk_closes_watchers_are_told_and_the_task_stays(tmp_path: Path) -> None:
    async def body() -> None:
        async with opened(tmp_path) as scene:
            scene.gate(b"one")
            running = await scene.start(b"one")
            await scene.until_begun(b"one")
            watching = asyncio.create_task(scene.watch(running))
            await asyncio.sleep(0.05)
            await scene.desk.drain()
            with pytest.raises(FleetClosed):
                await watching
            with pytest.raises(FleetClosed):
                await scene.send(b"two")
            assert (await scene.desk.get(ANN, running)).state is TaskState.PROCESSING
        async with opened(tmp_path) as scene:
            assert (await scene.end(running)).state is TaskState.COMPLETED

    asyncio.run(body())


def test_who_leaves_in_the_middle_of_sending_leaves_no_task_behind_that_never_ends(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        dice = random.Random(3)
        sending = [asyncio.create_task(scene.send(f"{number % 7}".encode())) for number in range(30)]
        for each in sending:
            await asyncio.sleep(dice.uniform(0, 0.004))
            each.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
        await asyncio.sleep(0.5)
        tasks, _ = await scene.desk.list(ROOT, limit=50, cursor=None, state=None)
        for task in tasks:
            assert (await scene.end(task.id)).state is TaskState.COMPLETED

    with_desk(tmp_path, test)


def test_a_task_that_cannot_be_queued_is_not_there_and_may_be_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(scene: Scene) -> None:
        def fail(task_id: str, turn: int) -> None:
            raise OSError("secret /srv/path")

        with monkeypatch.context() as broken:
            broken.setattr(workflow, "_enqueue", fail)
            with pytest.raises(StorageError, match="Try again") as refused:
                await scene.send(b"one")
            assert "secret" not in refused.value.message
        assert (await scene.desk.list(ROOT, limit=50, cursor=None, state=None))[0] == []
        assert (await scene.end(await scene.start(b"one"))).state is TaskState.COMPLETED

    with_desk(tmp_path, test)


def test_a_task_that_can_neither_be_queued_nor_taken_back_is_queued_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(scene: Scene) -> None:
        def fail(*arguments: object) -> None:
            raise OSError("full")

        async def fail_to_remove(task_id: str) -> None:
            raise DiskFull("x")

        with monkeypatch.context() as broken:
            broken.setattr(workflow, "_enqueue", fail)
            broken.setattr(scene.store.tasks, "remove", fail_to_remove)
            task_id = await scene.start(b"one")
            twin = await scene.start(b"one")
        await scene.desk.sweep()
        assert (await scene.end(task_id)).state is TaskState.COMPLETED
        assert (await scene.end(twin)).state is TaskState.COMPLETED
        assert scene.fleet.script(b"one").recognised == len(ISLANDS)

    with_desk(tmp_path, test)


@pytest.mark.parametrize("table", ["operation_outputs", "workflow_status"])
def test_a_task_ends_though_the_queue_cannot_note_it(tmp_path: Path, table: str) -> None:
    """As on a disk that is full at that moment."""

    async def test(scene: Scene) -> None:
        gate = scene.gate(b"one")
        task_id = await scene.start(b"one")
        await scene.until_begun(b"one")
        watching = asyncio.create_task(scene.watch(task_id))
        with _full(tmp_path / "data" / workflow.DATABASE, table):
            gate.set()
            updates = await watching
        assert isinstance(updates[-1], Over) and updates[-1].task.state is TaskState.COMPLETED
        assert sum(isinstance(update, Over) for update in updates) == 1
        await scene.desk.sweep()
        others = [await scene.start(name) for name in (b"two", b"three", b"four")]
        assert [(await scene.end(other)).state for other in others] == [TaskState.COMPLETED] * 3

    with_desk(tmp_path, test)


def test_sweeping_a_queue_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.end(await scene.start(b"one"))
        await until(lambda: _statuses(database) == ["SUCCESS"])
        with _full(database, "workflow_status"), pytest.raises(StorageError):
            await scene.desk.sweep()
        await scene.desk.sweep()
        assert _statuses(database) == []

    database = tmp_path / "data" / workflow.DATABASE
    with_desk(tmp_path, test)


def test_who_comes_while_a_task_is_being_admitted_is_not_told_that_it_is_over(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        written, go_on, add = asyncio.Event(), asyncio.Event(), scene.store.tasks.add

        async def slowly(task: StoredTask) -> None:
            await add(task)
            written.set()
            await go_on.wait()

        scene.store.tasks.add = slowly  # type: ignore[method-assign]
        task_id = str(uuid.uuid4())
        order = Order(file_name="talk.wav", profile="test")
        recording = await scene.recording(b"one")
        admitting = asyncio.create_task(scene.desk.admit(ANN, task_id, order, recording))
        await written.wait()
        watching = asyncio.create_task(scene.watch(task_id))
        await asyncio.sleep(0.2)
        assert not watching.done()
        go_on.set()
        await admitting
        last = (await watching)[-1]
        assert isinstance(last, Over) and last.task.state is TaskState.COMPLETED

    with_desk(tmp_path, test)


@contextmanager
def _full(database: Path, table: str) -> Generator[None]:
    """Nothing can be written into a table."""
    with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as connection:
        for change in ("INSERT", "UPDATE", "DELETE"):
            connection.execute(
                f"CREATE TRIGGER full_{change} BEFORE {change} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
            )
        try:
            yield
        finally:
            for change in ("INSERT", "UPDATE", "DELETE"):
                connection.execute(f"DROP TRIGGER full_{change}")


def _statuses(database: Path) -> list[str]:
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        return [row[0] for row in connection.execute("SELECT status FROM workflow_status")]
