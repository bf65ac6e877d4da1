"""Who gets in: answered, joined to what runs already, started, put in line, or asked to come again."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import replace

from parley.errors import FleetClosed, StorageError
from parley.jobs.books import Books
from parley.jobs.known import Hit
from parley.jobs.principal import Principal
from parley.jobs.rows import new_row, task_of
from parley.jobs.task import Order, TaskState
from parley.jobs.through import through
from parley.jobs.upload import Acknowledgement, Answered, Full, Queued, Started
from parley.jobs.workflow import Workflows
from parley.jobs.works import Join, Phase, Work
from parley.storage.recordings import StoredRecording
from parley.storage.tasks import StoredTask
from parley.storage.tokens import new_token

_log = logging.getLogger(__name__)


class Admission:
    """The way in, once it is known that nothing remembered answers the order."""

    def __init__(self, books: Books, workflows: Workflows) -> None:
        self._books = books
        self._workflows = workflows

    async def answer(
        self, who: Principal, task_id: str, order: Order, recording: StoredRecording, hit: Hit
    ) -> None:
        """A task that is completed from the start."""
        store = self._books.store
        key = await store.transcripts.keep(hit.transcript)
        work = self._books.planner.key(order, recording.sha256)
        row = new_row(who, task_id, order, recording, work=work, turn=0)
        row = replace(
            row,
            state=TaskState.COMPLETED,
            progress=100.0,
            transcript=key,
            projected=hit.projected,
            duration=hit.transcript.duration,
            processing_s=hit.processing_s or await store.tasks.processing_s(recording.sha256, key),
            started_at=row.created_at,
            finished_at=row.created_at,
        )
        await store.tasks.add(row)
        self._books.cache_hits += 1
        self._books.conclude([task_of(row)])

    async def admit(
        self, who: Principal, task_id: str, order: Order, recording: StoredRecording
    ) -> Acknowledgement:
        """A task that has to be worked for; Full means that nothing was created.

        Raises UnsupportedOption and its like; FleetClosed while the server stops.
        """
        join = self._books.planner.key(order, recording.sha256), not order.wish.use_cache
        while True:
            if self._books.is_draining:
                raise FleetClosed("The server is stopping; try again in a moment.")
            work = self._books.works.joinable(join)
            if (full := self._refusal(who, task_id, work)) is not None:
                return full
            if work is None:
                work = self._begin(join, order, recording)
            turn = self._books.turns.next(who.user, order.priority)
            row = new_row(who, task_id, order, recording, work=work.id, turn=turn)
            if await through(self._enter(work, row)):
                self._books.cache_misses += 1
                return self._acknowledge(work, task_id)

    def again(self, row: StoredTask) -> Acknowledgement:
        """The acknowledgement of a task that was admitted before."""
        work = self._books.works.of_task(row.id)
        return Answered(task_id=row.id) if work is None else self._acknowledge(work, row.id)

    def _begin(self, join: Join, order: Order, recording: StoredRecording) -> Work:
        work = Work(
            id=f"{join[0]}.{new_token()}",
            join=join,
            order=order,
            sha256=recording.sha256,
            size_bytes=recording.size_bytes,
        )
        self._books.works.add(work)
        return work

    async def _enter(self, work: Work, row: StoredTask) -> bool:
        """Write the task down and put it in the queue; False when the work was closed meanwhile."""
        async with work.lock:
            if work.phase is Phase.CLOSED:
                return False
            if work.phase is Phase.RUNNING:
                now = time.time()
                row = replace(row, state=TaskState.PROCESSING, started_at=now, progress=work.reached)
            is_first = not work.members
            try:
                await self._books.store.tasks.add(row)
            except BaseException:
                if is_first:
                    self._books.works.close(work)
                raise
            needs_entry = is_first or (work.phase is Phase.WAITING and row.turn < work.turn[0])
            self._books.works.enter(work, row)
            if needs_entry:
                self._books.turns.take(row.user, row.turn)
                self._books.works.stand(work, row.id)
                await self._queue(work, row)
            return True

    async def _queue(self, work: Work, row: StoredTask) -> None:
        """Put the task in the queue; where that fails, take it back, so that it may be sent again.

        One that cannot be taken back either is queued by the next sweep.
        """
        try:
            await self._workflows.enqueue(row.id, row.turn)
        except StorageError:
            if len(work.members) > 1:
                return  # The place of its twin in the queue will do.
            try:
                await self._books.store.tasks.remove(row.id)
            except StorageError as error:
                _log.warning("a task waits to be queued: %s (%s)", error.code, error.detail)
                return
            self._books.works.close(work)
            raise

    def _acknowledge(self, work: Work, task_id: str) -> Acknowledgement:
        position = self._books.position(work)
        if position is None:
            return Started(task_id=task_id)
        return Queued(task_id=task_id, position=position, wait_s=self._books.wait_s(position))

    def _refusal(self, who: Principal, task_id: str, work: Work | None) -> Full | None:
        """Full when the task would have to wait and too many do, its user's or everybody's."""
        books, options = self._books, self._books.options
        would_wait = books.works.waiting_count >= books.free_slots if work is None else books.position(work)
        if not would_wait:
            return None
        line = books.in_line
        own = [task for other in line for task in other.members.values() if task.user == who.user]
        if len(own) >= options.max_waiting_per_user:
            first = next(index for index, other in enumerate(line, 1) if own[0].id in other.members)
            return _full(task_id, books.wait_s(first), len(own), options.max_waiting_per_user)
        if work is None and len(line) >= options.max_waiting:
            return _full(task_id, books.wait_s(1), len(line), options.max_waiting)
        return None


def _full(task_id: str, wait_s: float, waiting: int, most: int) -> Full:
    retry_after_s = max(1, math.ceil(wait_s))
    return Full(task_id=task_id, retry_after_s=retry_after_s, waiting=waiting, most_waiting=most)
