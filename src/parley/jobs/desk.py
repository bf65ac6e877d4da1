"""The tasks: admitted, queued, done, watched, cancelled, answered."""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path, PurePath

from parley.engines.profiles import Profile
from parley.errors import (
    CancelFailed,
    EditConflict,
    FileNotFound,
    FleetClosed,
    InvalidOption,
    ResultNotReady,
    TaskExpired,
    TaskNotFound,
    rebuild,
)
from parley.fleet.fleet import Fleet
from parley.formats.native import TaskFacts, result_of
from parley.jobs import edits as overlay
from parley.jobs.admission import Admission
from parley.jobs.books import Books, DeskStats, Listener, OutcomeListener, stats_of
from parley.jobs.edits import Edits
from parley.jobs.failing import CANCELLED
from parley.jobs.known import Hit, Planner, find, projection
from parley.jobs.options import DeskOptions
from parley.jobs.principal import Principal
from parley.jobs.recovery import recover, requeue
from parley.jobs.rows import task_of
from parley.jobs.running import Running
from parley.jobs.server_lock import server_lock
from parley.jobs.task import Order, Task, TaskState
from parley.jobs.telling import Teller
from parley.jobs.through import through
from parley.jobs.updates import Over, Update
from parley.jobs.upload import Acknowledgement, Answered
from parley.jobs.watching import watch_past, watch_work
from parley.jobs.workflow import Workflows, open_workflows
from parley.jobs.works import Work
from parley.speech.transcript import Transcript
from parley.storage.recordings import StoredRecording
from parley.storage.store import Store
from parley.storage.tasks import EXPIRED, StoredTask
from parley.wire.native.result import JsonResult, TextResult

__all__ = ["Desk", "DeskOptions", "DeskStats", "Edits", "Hit", "open_desk"]


class Desk:
    """Everything about tasks; `open_desk` makes it. A task of somebody else does not exist: TaskNotFound."""

    def __init__(self, books: Books, workflows: Workflows) -> None:
        self._books = books
        self._store = books.store
        self._workflows = workflows
        self._admission = Admission(books, workflows)

    async def admit(
        self, who: Principal, task_id: str, order: Order, recording: StoredRecording
    ) -> Acknowledgement:
        """Make a task of an order, or Full and nothing was made; the same task again changes nothing.

        Raises UnsupportedOption, ProfileUnknown or InvalidOption for an order that the profile cannot
        fulfil, FleetClosed while the server stops, StorageError.
        """
        row = await self._store.tasks.get(task_id)
        if row is not None:
            return self._admission.again(row)
        hit = await self.known(who, order, recording)
        if hit is not None:
            await self.answer(who, task_id, order, recording, hit)
            return Answered(task_id=task_id)
        return await self._admission.admit(who, task_id, order, recording)

    async def answer(
        self, who: Principal, task_id: str, order: Order, recording: StoredRecording, hit: Hit
    ) -> None:
        """Make a task that is completed from the start by something known."""
        await self._admission.answer(who, task_id, order, recording, hit)

    async def known(self, who: Principal, order: Order, recording: StoredRecording) -> Hit | None:
        """What is remembered for the order; whether the user may know is the caller's business."""
        return await find(self._store, self._books.planner, who.user, order, recording)

    async def get(self, who: Principal, task_id: str) -> Task:
        """How the task is; raises TaskNotFound or TaskExpired."""
        task = self._books.view(await self._row(who, task_id))
        return replace(task, has_media=await self._store.recordings.playable(task.sha256) is not None)

    async def list(
        self, who: Principal, *, limit: int, cursor: str | None, state: TaskState | None
    ) -> tuple[list[Task], str | None]:
        """The user's tasks (an admin's: everybody's), the newest first, and where to go on."""
        before = _read_cursor(cursor)
        user = None if who.is_admin else who.user
        rows = await self._store.tasks.page(user, state=state, limit=limit + 1, before=before)
        tasks = [self._books.view(row) for row in rows[:limit]]
        playable = await self._store.recordings.playable_of({task.sha256 for task in tasks})
        tasks = [replace(task, has_media=task.sha256 in playable) for task in tasks]
        return tasks, _cursor(rows[limit - 1]) if len(rows) > limit else None

    async def cancel(self, who: Principal, task_id: str) -> Task:
        """Stop a task for good; raises CancelFailed when it is over, TaskNotFound, TaskExpired."""
        return await through(self._leave(*await self._standing(who, task_id)))

    async def _leave(self, row: StoredTask, work: Work | None) -> Task:
        if work is None:
            return await self._cancel(row)
        async with work.lock:
            task = await self._cancel(row)
            self._books.works.leave(work, task)
        self._books.conclude([task])
        return task

    async def _cancel(self, row: StoredTask) -> Task:
        moved = await self._store.tasks.move(
            [row.id],
            TaskState.CANCELLED,
            finished_at=time.time(),
            error_code=CANCELLED.code,
            error_message=CANCELLED.message,
            error_type=CANCELLED.kind.value,
        )
        if not moved:
            raise CancelFailed("The task is over; there is nothing to cancel.")
        return task_of((await self._store.tasks.many([row.id]))[row.id])

    async def watch(
        self, who: Principal, task_id: str, *, from_segment: int | None = None
    ) -> AsyncGenerator[Update]:
        """The present state first (of a task that is over: nothing), then what happens, and one Over.

        Recognised text only where `from_segment` is a number, from that number on. Raises
        TaskNotFound, TaskExpired; FleetClosed when the server stops before the task is over.
        """
        row, work = await self._standing(who, task_id)
        if work is None:
            updates = watch_past(self._books, row, Over(task=await self.get(who, task_id)), from_segment)
        else:
            updates = watch_work(self._books, work, task_id, from_segment)
        async for update in updates:
            yield update

    async def transcript(
        self, who: Principal, task_id: str, *, edited: bool = True
    ) -> tuple[Task, Transcript]:
        """A completed task and its transcript, without what was not asked for, and with its edits applied
        unless it is wanted as it was recognised.

        Raises ResultNotReady, TaskExpired, TaskNotFound, or why the task failed.
        """
        row = await self._row(who, task_id)
        task, transcript = await self._completed(row)
        if not edited:
            return task, transcript
        return task, await asyncio.to_thread(overlay.applied, overlay.loads(row.edits), transcript)

    async def result(
        self, who: Principal, task_id: str, output_format: str | None = None
    ) -> JsonResult | TextResult:
        """The result in a format (None: the one ordered); raises like `transcript`, and InvalidOption."""
        task, transcript = await self.transcript(who, task_id)
        facts = TaskFacts(
            task_id=task.id,
            file_name=task.order.file_name,
            md5=task.md5,
            created_at=task.created_at,
            processing_s=task.processing_s,
            profile=transcript.profile or task.order.profile,
            diarize=transcript.diarized,
            words=task.order.wish.recognition.words,
            projected=task.projected,
        )
        return await asyncio.to_thread(
            result_of, transcript, facts, output_format or task.order.output_format
        )

    async def edits(self, who: Principal, task_id: str) -> Edits:
        """The corrections that lie over the task's transcript; raises what `transcript` raises."""
        row = await self._row(who, task_id)
        await self._completed(row)
        return overlay.loads(row.edits)

    async def edit(
        self, who: Principal, task_id: str, edits: Edits, *, expected: str | None = None
    ) -> tuple[Task, Edits]:
        """Lay corrections over the task's transcript, over earlier ones, all of which are given back; an
        empty text takes one back.

        `expected` is the tag of the edits that the user has seen. Raises EditConflict when there are others
        by now, InvalidOption for what is not there, and what `transcript` raises.
        """
        for _ in range(_MOMENTS):
            row = await self._row(who, task_id)
            _, transcript = await self._completed(row)
            overlay.check(edits, transcript)
            earlier = overlay.loads(row.edits)
            if expected is not None and overlay.tag_of(earlier) != expected:
                break
            together = overlay.merged(earlier, edits)
            stored = overlay.dumps(together) if together else None
            if await self._store.tasks.edit(task_id, stored, before=row.edits):
                return await self.get(who, task_id), together
        raise EditConflict("Somebody else changed this transcript meanwhile; look at it and try again.")

    async def recording_path(self, who: Principal, task_id: str) -> tuple[Path, str]:
        """The recording, or its compact copy, and a name to show; raises FileNotFound, TaskNotFound,
        TaskExpired.
        """
        row = await self._row(who, task_id)
        path = await self._store.recordings.playable(row.sha256)
        if path is None:
            raise FileNotFound("The recording of this task was removed.")
        return path, PurePath(row.file_name).stem + path.suffix if path.suffix else row.file_name

    def stats(self) -> DeskStats:
        """The desk in numbers."""
        return stats_of(self._books)

    def on_conclusion(self, listener: Listener) -> None:
        """Hear of every task that is over; what the listener raises is its own affair."""
        self._books.listeners.append(listener)

    def on_outcome(self, listener: OutcomeListener) -> None:
        """Hear of every transcript that was made, and what its stages took; it must not raise."""
        self._books.outcome_listeners.append(listener)

    async def sweep(self) -> None:
        """Forget what is old, queue what is missing in the queue. To be called once a minute; raises
        StorageError.
        """
        await self._store.tasks.expire(finished_before=time.time() - self._books.options.keep_s)
        await self._workflows.forget(await self._workflows.over())
        await requeue(self._books, self._workflows)

    async def drain(self) -> None:
        """Admit nothing more and stop what runs, to go on after the next start; watchers are told."""
        self._books.is_draining = True
        for work in self._books.works:
            work.stopped = FleetClosed("The server is stopping; the task goes on after its next start.")
            work.stir()
        recipes = [work.recipe for work in self._books.works if work.recipe is not None]
        for recipe in recipes:
            recipe.cancel()
        if recipes:
            await asyncio.wait(recipes, timeout=_DRAIN_S)

    async def _row(self, who: Principal, task_id: str) -> StoredTask:
        row = await self._store.tasks.get(task_id)
        if row is None or not who.may_see(row.user):
            raise TaskNotFound("There is no such task.")
        if row.state == EXPIRED:
            raise TaskExpired("The task is over and was forgotten.")
        return row

    async def _standing(self, who: Principal, task_id: str) -> tuple[StoredTask, Work | None]:
        """The row, and the work unless the task is over; a row is there a moment before its work is."""
        for _ in range(_MOMENTS):
            row = await self._row(who, task_id)
            work = self._books.works.of_task(task_id)
            if work is not None or TaskState(row.state).is_over:
                return row, work
            await asyncio.sleep(_MOMENT_S)
        return await self._row(who, task_id), self._books.works.of_task(task_id)

    async def _completed(self, row: StoredTask) -> tuple[Task, Transcript]:
        task = self._books.view(row)
        if task.failure is not None:
            raise rebuild(task.failure.code, task.failure.message)
        if task.transcript is None:
            raise ResultNotReady("The task is not over yet; its result comes later.")
        transcript = await self._store.transcripts.get(task.transcript)
        if transcript is None:
            raise TaskExpired("The transcript of this task is no longer there; send the recording again.")
        return task, projection(transcript, task.order.wish) if task.projected else transcript


_DRAIN_S = 10.0
_MOMENT_S = 0.05
_MOMENTS = 200


@asynccontextmanager
async def open_desk(
    store: Store,
    fleet: Fleet,
    profiles: Mapping[str, Profile],
    options: DeskOptions,
    data_dir: Path,
) -> AsyncGenerator[Desk]:
    """The desk of a data directory: one at a time, in one loop; leaving the context drains it.

    Raises ServerInUse when another server has the directory, and StorageError.
    """
    books = Books(store=store, planner=Planner(profiles, options.limits), options=options)
    teller = Teller(books)
    runner = Running(books, fleet, teller)
    async with (
        server_lock(data_dir),
        open_workflows(data_dir, runner, running=options.running) as workflows,
    ):
        desk = Desk(books, workflows)
        telling: asyncio.Task[None] | None = None
        try:
            await recover(books, workflows)
            books.ready.set()
            telling = asyncio.create_task(teller.run(), name="teller")
            yield desk
        finally:
            await desk.drain()
            books.ready.set()
            if telling is not None:
                telling.cancel()
                with suppress(asyncio.CancelledError):
                    await telling


def _cursor(row: StoredTask) -> str:
    return base64.urlsafe_b64encode(f"{row.created_at!r} {row.id}".encode()).decode()


def _read_cursor(cursor: str | None) -> tuple[float, str] | None:
    if cursor is None:
        return None
    try:
        moment, _, task_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        return float(moment), task_id
    except (ValueError, binascii.Error) as error:
        raise InvalidOption("The cursor is not one of this server's; begin without one.") from error
