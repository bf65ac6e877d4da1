"""Work that tasks share: identical ones join, and the last to leave stops it.

    WAITING --begin--> RUNNING --close--> CLOSED
       +--------------- close -------------^

A work outlives the task that began it, as long as another one wants the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from parley.batch.events import Event, Heard
from parley.errors import ParleyError
from parley.jobs.progress import Progress
from parley.jobs.task import Order, Task
from parley.storage.heard import HeardPiece
from parley.storage.tasks import StoredTask

Join = tuple[str, bool]
"""What twins have in common: the key of the transcript, and whether everything is done anew."""


class Phase(Enum):
    """Where a work is."""

    WAITING = auto()
    RUNNING = auto()
    CLOSED = auto()


@dataclass(slots=True, eq=False, kw_only=True)
class Work:
    """One run of the recipe and the tasks that wait for it.

    `members` are tasks that are not over, `ended` those that are, for whoever still watches them.
    `told` holds every text in the order it was recognised; watchers see the first `shown` of them,
    which are written down, as is the progress they see. `ending` is how the recipe ended, until that
    is written down. `lock` is held around every change of members and phase.
    """

    id: str
    join: Join
    order: Order
    sha256: str
    size_bytes: int
    phase: Phase = Phase.WAITING
    members: dict[str, StoredTask] = field(default_factory=dict[str, StoredTask])
    ended: dict[str, Task] = field(default_factory=dict[str, Task])
    progress: Progress = field(default_factory=Progress)
    reached: float = 0.0
    message: str = ""
    told: list[HeardPiece] = field(default_factory=list[HeardPiece])
    shown: int = 0
    began: float = 0.0
    last_event: float = 0.0
    is_waiting_elsewhere: bool = False
    stopped: ParleyError | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    recipe: asyncio.Task[object] | None = None
    ending: dict[str, Any] | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _known: set[HeardPiece] = field(default_factory=set[HeardPiece])

    @property
    def is_fresh(self) -> bool:
        """Whether everything is done anew."""
        return self.join[1]

    @property
    def turn(self) -> tuple[int, float]:
        """Its place in the queue: that of its best task."""
        places = [(task.turn, task.created_at) for task in self.members.values()]
        return min(places, default=(0, 0.0))

    def recover(self, told: Iterable[HeardPiece], reached: float) -> None:
        """Go on from what was written down before a restart."""
        self.told = list(told)
        self._known = set(self.told)
        self.shown = len(self.told)
        self.reached = reached
        self.progress = Progress(reached)

    def happened(self, event: Event, now: float) -> None:
        """The recipe tells something."""
        self.last_event = now
        self.progress.happened(event)
        if isinstance(event, Heard):
            piece = HeardPiece(event.segment.start, event.segment.end, event.segment.text)
            # After a restart remembered units are told again.
            if piece not in self._known:
                self._known.add(piece)
                self.told.append(piece)

    def show(self, reached: float, message: str, told: int) -> None:
        """Let watchers see how far it is."""
        if (reached, message, told) != (self.reached, self.message, self.shown):
            self.reached, self.message, self.shown = reached, message, told
            self.stir()

    def end(self, task: Task) -> None:
        """One of its tasks is over."""
        self.members.pop(task.id, None)
        self.ended[task.id] = task
        self.stir()

    def close(self) -> None:
        """Nothing more will happen; what still runs is stopped."""
        self.phase = Phase.CLOSED
        if self.recipe is not None:
            self.recipe.cancel()
        self.stir()

    def stir(self) -> None:
        """Wake whoever watches."""
        self.changed.set()
        self.changed = asyncio.Event()


async def changed_within(event: asyncio.Event, seconds: float) -> None:
    """Wait for something to change, at most so long."""
    # Not wait_for: before Python 3.12 it may lose a cancellation that comes with the change.
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class Works:
    """All works that are not closed."""

    def __init__(self) -> None:
        self._all: dict[str, Work] = {}
        self._by_join: dict[Join, Work] = {}
        self._by_task: dict[str, Work] = {}
        self._by_entry: dict[str, Work] = {}
        self._places: dict[str, int] | None = None

    def __iter__(self) -> Iterator[Work]:
        return iter(tuple(self._all.values()))

    def add(self, work: Work) -> None:
        """A new work, which twins may join from now on."""
        self._all[work.id] = work
        self._by_join[work.join] = work
        self._places = None

    def joinable(self, join: Join) -> Work | None:
        """The work that a task may join."""
        return self._by_join.get(join)

    def of_task(self, task_id: str) -> Work | None:
        """The work that a task waits for."""
        return self._by_task.get(task_id)

    def of_entry(self, entry: str) -> Work | None:
        """The work that an entry of the queue stands for."""
        return self._by_entry.get(entry)

    def enter(self, work: Work, task: StoredTask) -> None:
        """A task joins."""
        work.members[task.id] = task
        self._by_task[task.id] = work
        self._places = None

    def begin(self, work: Work) -> None:
        """Its turn has come."""
        work.phase = Phase.RUNNING
        self._places = None

    def stand(self, work: Work, entry: str) -> None:
        """An entry of the queue stands for the work; it goes on doing so when its task has left."""
        self._by_entry[entry] = work

    def leave(self, work: Work, task: Task) -> None:
        """A task is over; the last one closes the work."""
        self._by_task.pop(task.id, None)
        self._places = None
        work.end(task)
        if not work.members:
            self.close(work)

    def close(self, work: Work) -> None:
        """Forget a work."""
        work.close()
        self._places = None
        self._all.pop(work.id, None)
        if self._by_join.get(work.join) is work:
            del self._by_join[work.join]
        self._by_entry = {entry: other for entry, other in self._by_entry.items() if other is not work}
        for task_id in work.members:
            self._by_task.pop(task_id, None)

    @property
    def waiting(self) -> list[Work]:
        """Works in the queue, the next one first."""
        return [self._all[work_id] for work_id in self._places_in_order()]

    @property
    def waiting_count(self) -> int:
        """How many works are in the queue."""
        return len(self._places_in_order())

    def place(self, work: Work) -> int:
        """How many works are before this one in the queue; asked by every watcher again and again."""
        return self._places_in_order().get(work.id, 0)

    def _places_in_order(self) -> dict[str, int]:
        if self._places is None:
            waiting = [work for work in self._all.values() if work.phase is Phase.WAITING]
            waiting.sort(key=lambda work: work.turn)
            self._places = {work.id: place for place, work in enumerate(waiting)}
        return self._places

    @property
    def running(self) -> list[Work]:
        """Works that are done now."""
        return [work for work in self if work.phase is Phase.RUNNING]
