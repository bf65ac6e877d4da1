"""The working life of one worker in a pool, from its start to its end.

STARTING --open--> IDLE --give--> BUSY --serve--> IDLE
                    |              |
                    +--- leave ----+--> LEAVING --> ENDED       lost: any --> LOST --> ENDED
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping
from enum import Enum, auto
from typing import Literal

from parley.engines.contract import EngineSpec
from parley.errors import OutOfMemory, ParleyError, ProfileNotInstalled, WorkerDied
from parley.fleet.child import Child
from parley.fleet.equipment import Equipment
from parley.fleet.health import WorkerHealth
from parley.fleet.limits import FleetLimits
from parley.fleet.line import Answer, Ticket
from parley.fleet.loading import Loading
from parley.fleet.lost import Lost, TooLarge
from parley.fleet.spec import PoolSpec
from parley.fleet.worker import Worker
from parley.wire.frames import Loaded


class State(Enum):
    """Where a shift is."""

    STARTING = auto()
    IDLE = auto()
    BUSY = auto()
    LEAVING = auto()
    LOST = auto()
    ENDED = auto()


_Told = Literal["starting", "idle", "busy", "leaving", "lost"]

_STATES: Mapping[State, _Told] = {
    State.STARTING: "starting",
    State.IDLE: "idle",
    State.BUSY: "busy",
    State.LEAVING: "leaving",
    State.LOST: "lost",
    State.ENDED: "leaving",
}
"""What is told of a state outside the fleet."""


class Shift:
    """One worker and the call in its hands.

    `engines` are loaded before it counts as ready, those that can be. `relieves` is the shift whose place
    this one takes as soon as it is ready. `slot` is the number of its place in the pool.
    """

    def __init__(
        self,
        spec: PoolSpec,
        limits: FleetLimits,
        equipment: Equipment,
        slot: int,
        engines: Collection[EngineSpec] = (),
        relieves: Shift | None = None,
    ) -> None:
        self.state = State.STARTING
        self.slot = slot
        self.relieves = relieves
        self.worker: Worker | None = None
        self.ticket: Ticket | None = None
        self.at_work = False
        self.avoided: dict[str, tuple[str, ...]] = {}
        self._spec = spec
        self._limits = limits
        self._equipment = equipment
        self._loading = Loading(self, equipment)
        self.engines = engines
        self._is_relieved = False
        self._has_greeted = False
        self._orders: asyncio.Future[Ticket | None] = asyncio.get_running_loop().create_future()

    @property
    def loaded(self) -> Mapping[str, Loaded]:
        """The engines that answer without loading, and how they were loaded."""
        return self.worker.loaded if self.worker else {}

    @property
    def has_greeted(self) -> bool:
        """Whether its process speaks with us."""
        return self._has_greeted

    @property
    def is_free(self) -> bool:
        """Whether a call may be given to it."""
        return self.state is State.IDLE and self.worker is not None and not self.worker.is_gone

    @property
    def worn(self) -> str | None:
        """Why it should be relieved; None while it may go on."""
        if self.worker is None or self._is_relieved:
            return None
        is_outdated = self._equipment.is_outdated(self.avoided)
        return self.worker.worn or ("a device may be tried again" if is_outdated else None)

    def health(self) -> WorkerHealth:
        """How it is at this moment."""
        if self.worker is None:
            return WorkerHealth(state=_STATES[self.state])
        return WorkerHealth(
            state=_STATES[self.state],
            pid=self.worker.child.pid,
            engines={name: how.device for name, how in self.loaded.items()},
        )

    def give(self, ticket: Ticket) -> None:
        """Put a call into the hands of a free worker."""
        self.state, self.ticket = State.BUSY, ticket
        self._orders.set_result(ticket)

    def relieve(self) -> None:
        """Let it go home: now if it is idle, else after its call."""
        self._is_relieved = True
        if self.state is State.IDLE and not self._orders.done():
            self.state = State.LEAVING
            self._orders.set_result(None)

    async def open(self) -> None:
        """Start the process and load its engines; raises Lost or ParleyError.

        An engine that cannot be loaded is left out, unless the worker is to relieve another.
        """
        self.worker = Worker(await self._start(), self._spec, self._limits)
        await self.worker.greet()
        self._has_greeted = True
        for engine in self.engines:
            try:
                await self._loading.load_now(self.worker, engine)
            except ParleyError:
                if self.relieves is not None:
                    raise
        self._become_idle()

    async def order(self) -> Ticket | None:
        """The next call, None when it is time to leave; raises Lost when the worker ends meanwhile."""
        if self.state is State.LEAVING:
            return None
        return await self._hired().attend(self._orders)

    async def serve(self, ticket: Ticket) -> None:
        """Settle the ticket with an answer or an error; left unsettled, raises Lost, TooLarge or NoRoom."""
        worker = self._hired()
        try:
            await self._loading.load_for(worker, ticket)
            if not ticket.is_settled:
                await self._perform(worker, ticket)
        except ParleyError as error:
            ticket.fail(error)
        self.ticket = None
        self._become_idle()

    async def _perform(self, worker: Worker, ticket: Ticket) -> None:
        if ticket.request is None:
            ticket.succeed(None)
            return
        self.at_work = not worker.is_gone
        result = await worker.perform(ticket, ticket.request)
        self.at_work = False
        place = worker.loaded[ticket.engine.name]
        ticket.succeed(
            Answer(
                reply=result.reply,
                cpu_s=result.cpu_s,
                worker_pid=worker.child.pid,
                attempts=ticket.attempts,
                device=place.device,
                notices=place.notices,
            )
        )

    def go_home(self) -> None:
        """End it although it was given a call, which others do."""
        self.state, self.ticket = State.LEAVING, None

    async def bury(self, cause: Lost | TooLarge) -> None:
        """End a worker that is of no more use, and give its last lines to the cause.

        A call that nobody wants, or that was too large, is no riddle: no stacks are asked for.
        """
        self.state = State.LOST
        if isinstance(cause, TooLarge) and self.ticket is not None:
            self.ticket.fail(OutOfMemory("A worker needed more memory than it may have."))
        if self.worker is None:
            return
        is_riddle = isinstance(cause, Lost) and not (self.ticket is not None and self.ticket.is_settled)
        await (self.worker.child.break_off() if is_riddle else self.worker.child.drop())
        if isinstance(cause, Lost):
            cause.detail = cause.detail or self.worker.child.murmur.last_lines()

    async def close(self) -> None:
        """Leave nothing behind, whatever state it is in."""
        if self.worker is not None:
            is_idle = self.state in {State.IDLE, State.LEAVING}
            child = self.worker.child
            await _see_through(child.retire() if is_idle else child.dismiss(), hurry=child.kill)
        self.state = State.ENDED

    def _become_idle(self) -> None:
        self.at_work = False
        self._orders = asyncio.get_running_loop().create_future()
        self.state = State.LEAVING if self._is_relieved else State.IDLE

    def _hired(self) -> Worker:
        if self.worker is None:
            raise RuntimeError("a shift was used before it was opened")
        return self.worker

    async def _start(self) -> Child:
        try:
            return await Child.start(self._spec, self._limits)
        except (FileNotFoundError, PermissionError) as error:
            raise ProfileNotInstalled(self._spec.trouble("is missing"), detail=str(error)) from error
        except OSError as error:
            raise Lost(WorkerDied, "could not be started", str(error)) from error


async def _see_through(ending: Coroutine[None, None, None], hurry: Callable[[], None]) -> None:
    """Wait for what is bounded by itself, however often we are cancelled; that only hurries it."""
    task = asyncio.create_task(ending)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
            hurry()
    if cancelled is not None:
        raise cancelled
    task.result()
