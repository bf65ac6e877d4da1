"""What the parts of the desk share: the store, what is done now, and who waits."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from parley.batch.options import Outcome
from parley.jobs.estimate import Pace, wait_s
from parley.jobs.known import Planner
from parley.jobs.options import DeskOptions
from parley.jobs.rows import suffix_of, task_of
from parley.jobs.task import Task, TaskState
from parley.jobs.turns import Turns
from parley.jobs.works import Phase, Work, Works
from parley.storage.store import Store
from parley.storage.tasks import StoredTask

Listener = Callable[[Task], None]
"""Hears of every task that is over."""

OutcomeListener = Callable[[Outcome], None]
"""Hears of every transcript that was made."""


@dataclass(slots=True, kw_only=True)
class Books:
    """The desk's memory while it is open; `ready` is set when what a restart left is sorted out."""

    store: Store
    planner: Planner
    options: DeskOptions
    works: Works = field(default_factory=Works)
    turns: Turns = field(default_factory=Turns)
    pace: Pace = field(default_factory=Pace)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    is_draining: bool = False
    endings: Counter[str] = field(default_factory=Counter[str])
    cache_hits: int = 0
    cache_misses: int = 0
    listeners: list[Listener] = field(default_factory=list[Listener])
    outcome_listeners: list[OutcomeListener] = field(default_factory=list[OutcomeListener])

    def conclude(self, tasks: Iterable[Task]) -> None:
        """Count tasks that are over and tell the listeners, later and from the loop."""
        for task in tasks:
            self.endings[task.state.value] += 1
            for listener in self.listeners:
                asyncio.get_running_loop().call_soon(listener, task)

    @property
    def free_slots(self) -> int:
        """Works that may start at once."""
        return max(0, self.options.running - len(self.works.running))

    @property
    def in_line(self) -> list[Work]:
        """Works that wait for others, the next one first; those that are about to start do not count."""
        return self.works.waiting[self.free_slots :]

    def position(self, work: Work) -> int | None:
        """From 1; None for a work that runs or is about to."""
        if work.phase is not Phase.WAITING:
            return None
        position = self.works.place(work) - self.free_slots + 1
        return position if position > 0 else None

    def wait_s(self, position: int) -> float:
        """Seconds until the work at a position is expected to start."""
        now = time.monotonic()
        waiting, starting = self.works.waiting, self.free_slots
        running = [self._left_s(work, now) for work in (*self.works.running, *waiting[:starting])]
        ahead = [self._job_s(work) for work in waiting[starting : starting + position - 1]]
        return wait_s(running, ahead, self.options.running)

    def view(self, row: StoredTask) -> Task:
        """A row as its owner may see it at this moment."""
        task = task_of(row)
        work = self.works.of_task(row.id)
        if work is None or task.state.is_over:
            return task
        if (position := self.position(work)) is not None:
            return replace(task, queue_position=position, estimated_wait_s=self.wait_s(position))
        return task

    def _left_s(self, work: Work, now: float) -> float:
        expected = self._job_s(work)
        if work.phase is not Phase.RUNNING:
            return expected
        elapsed = now - work.began
        # Once a good part is done, what this job took so far says more than other jobs.
        if work.reached >= 30:
            expected = elapsed * 100 / work.reached
        return max(0.5, expected - elapsed)

    def _job_s(self, work: Work) -> float:
        return self.pace.job_s(suffix_of(work.order.file_name), work.size_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskStats:
    """The desk in numbers; counts are since it was opened.

    `waiting` and `running` are tasks, `oldest_waiting_s` the age of the oldest that waits (0: none).
    `s_per_byte` is the measured speed of work.
    """

    waiting: int
    running: int
    oldest_waiting_s: float
    ended: dict[str, int]
    cache_hits: int
    cache_misses: int
    s_per_byte: float


def stats_of(books: Books) -> DeskStats:
    """The desk in numbers."""
    waiting = [task for work in books.works.waiting for task in work.members.values()]
    oldest = min((task.created_at for task in waiting), default=time.time())
    return DeskStats(
        waiting=len(waiting),
        running=sum(len(work.members) for work in books.works.running),
        oldest_waiting_s=max(0.0, time.time() - oldest),
        ended={state.value: books.endings[state.value] for state in TaskState if state.is_over},
        cache_hits=books.cache_hits,
        cache_misses=books.cache_misses,
        s_per_byte=books.pace.s_per_byte,
    )
