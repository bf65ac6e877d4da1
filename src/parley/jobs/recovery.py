"""After a restart: whatever is not over goes back to its place.

The table of tasks says what is wanted, the workflows say what was queued or begun. Either may have
been written last before the server died, so the table rules: a task without a workflow is queued
again, and a workflow without a task finds nothing to do when its turn comes.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from parley.errors import ParleyError
from parley.jobs.books import Books
from parley.jobs.failing import failure_of
from parley.jobs.rows import order_of, suffix_of
from parley.jobs.task import Order, TaskState
from parley.jobs.workflow import Workflows
from parley.jobs.works import Phase, Work
from parley.storage.tasks import StoredTask

_log = logging.getLogger(__name__)
_MEASURED = 50


async def recover(books: Books, workflows: Workflows) -> None:
    """Rebuild the works in memory and the queue, and learn the speed from what was done before."""
    await _learn(books)
    rows = await books.store.tasks.unfinished()
    await books.store.tasks.move([row.id for row in rows], TaskState.PENDING)
    books.turns.restore((row.user, row.turn) for row in rows)
    live, over = await workflows.live(), await workflows.over()
    # An id that is over answers that for ever; a task that is not over needs it anew.
    await workflows.forget(over)
    groups: defaultdict[str, list[StoredTask]] = defaultdict(list)
    for row in rows:
        groups[row.work].append(replace(row, state=TaskState.PENDING))
    for work_id, tasks in groups.items():
        try:
            order = order_of(tasks[0])
        except ParleyError as error:
            await _fail(books, tasks, error)
            continue
        await _restore(books, workflows, work_id, order, tasks, live)
    if rows:
        _log.info("%d tasks of an earlier run go on", len(rows))


async def requeue(books: Books, workflows: Workflows) -> None:
    """Put works that wait back into the queue where no entry of it stands for them: a full disk may
    have kept them out. Raises StorageError.
    """
    # Taken before the queue is read: what is entered meanwhile may be missing there.
    waiting = books.works.waiting
    queued = {books.works.of_entry(entry) for entry in await workflows.live()} if waiting else set()
    for work in (work for work in waiting if work not in queued):
        async with work.lock:
            if work.phase is Phase.WAITING and work.members:
                first = min(work.members.values(), key=lambda task: (task.turn, task.created_at))
                _log.warning("a task that was missing in the queue is put back")
                books.works.stand(work, first.id)
                await workflows.enqueue(first.id, first.turn)


async def _restore(
    books: Books,
    workflows: Workflows,
    work_id: str,
    order: Order,
    tasks: Sequence[StoredTask],
    live: set[str],
) -> None:
    work = Work(
        id=work_id,
        join=(work_id.rpartition(".")[0], not order.wish.use_cache),
        order=order,
        sha256=tasks[0].sha256,
        size_bytes=tasks[0].size_bytes,
    )
    work.recover(await books.store.heard.of(work_id), max(task.progress for task in tasks))
    books.works.add(work)
    for task in tasks:
        books.works.enter(work, task)
    entries = [task.id for task in tasks if task.id in live]
    for entry in entries or [tasks[0].id]:
        books.works.stand(work, entry)
    if not entries:
        await workflows.enqueue(tasks[0].id, tasks[0].turn)


async def _fail(books: Books, tasks: Sequence[StoredTask], error: ParleyError) -> None:
    failure = failure_of(error)
    _log.error("tasks of an earlier run cannot go on: %s (%s)", error.code, error.detail)
    await books.store.tasks.move(
        [task.id for task in tasks],
        TaskState.FAILED,
        finished_at=time.time(),
        error_code=failure.code,
        error_message=failure.message,
        error_type=failure.kind.value,
    )


async def _learn(books: Books) -> None:
    done = await books.store.tasks.page(None, state=TaskState.COMPLETED, limit=_MEASURED, before=None)
    for row in reversed(done):
        if row.turn:
            books.pace.learn(suffix_of(row.file_name), row.size_bytes, row.processing_s)
