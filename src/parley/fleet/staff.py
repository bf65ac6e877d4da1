"""Who works in a pool at this moment."""

from __future__ import annotations

import asyncio
import itertools

from parley.fleet.shift import Shift, State
from parley.wire.frames import Loaded


class Staff:
    """The shifts of a pool with the tasks that supervise them. At most `size` count as present.

    While a worn worker is relieved there is one more of them for a moment.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._tasks: dict[Shift, asyncio.Task[None]] = {}

    @property
    def starting(self) -> int:
        """Workers that are not ready yet."""
        return sum(shift.state is State.STARTING for shift in self._tasks)

    @property
    def pending(self) -> int:
        """Workers whose place is taken though they do not work: starting, or lost and not yet gone.

        The lost keep their place so that their memory is free before a successor needs it.
        """
        return self.starting + sum(shift.state is State.LOST for shift in self._tasks)

    @property
    def alive(self) -> int:
        """Workers that are ready or at work."""
        return sum(shift.state in {State.IDLE, State.BUSY} for shift in self._tasks)

    @property
    def lacking(self) -> int:
        """How many more there may be."""
        return self._size - self.alive - self.pending

    @property
    def is_relief_on_its_way(self) -> bool:
        """Whether somebody starts in order to relieve another."""
        return any(shift.relieves is not None for shift in self._tasks)

    @property
    def idle(self) -> tuple[Shift, ...]:
        """Workers without a call."""
        return tuple(shift for shift in self._tasks if shift.is_free)

    @property
    def present(self) -> tuple[Shift, ...]:
        """Everybody of whom something is left."""
        return tuple(shift for shift in self._tasks if shift.state is not State.ENDED)

    @property
    def loaded(self) -> dict[tuple[str, str], list[Loaded]]:
        """How engines were loaded, one for each worker, by engine and device."""
        found: dict[tuple[str, str], list[Loaded]] = {}
        for shift in self._tasks:
            if shift.state in {State.IDLE, State.BUSY}:
                for engine, how in shift.loaded.items():
                    found.setdefault((engine, how.device), []).append(how)
        return found

    def has_loaded(self, engine: str) -> bool:
        """Whether a worker that serves has loaded the engine."""
        return any(engine == loaded for loaded, _ in self.loaded)

    def free_slot(self) -> int:
        """The least number of a place that nobody has."""
        taken = {shift.slot for shift in self._tasks}
        return next(slot for slot in itertools.count() if slot not in taken)

    def free_for(self, engine: str, *, may_load: bool = True) -> Shift | None:
        """A worker without a call, best one that has loaded the engine; None when all are busy."""
        free = self.idle
        other = free[0] if free and may_load else None
        return next((shift for shift in free if engine in shift.loaded), other)

    def add(self, shift: Shift, task: asyncio.Task[None]) -> None:
        """Somebody begins."""
        self._tasks[shift] = task

    def remove(self, shift: Shift) -> None:
        """Nothing is left of somebody."""
        del self._tasks[shift]

    def dismiss(self) -> None:
        """Begin to end every worker."""
        for task in self._tasks.values():
            task.cancel()
