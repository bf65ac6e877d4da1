"""Calls on their way: each is a ticket, and those that no worker has yet stand in line."""

from __future__ import annotations

import asyncio
from bisect import insort
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from parley.engines.contract import EngineSpec
from parley.errors import ParleyError, UnitPoisoned, WorkersBusy, rebuild
from parley.fleet.lost import Lost
from parley.speech.device import CPU
from parley.wire.frames import Reply, Request

MAX_ATTEMPTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call gave: `cpu_s` processor seconds of the last attempt, made by `worker_pid`.

    `device` is what the engine computed on, and `notices` are what the user has to know of that.
    """

    reply: Reply
    cpu_s: float
    worker_pid: int
    attempts: int
    device: str = CPU
    notices: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True, eq=False)
class Ticket:
    """One call. Its answer is a future; a caller who no longer waits has cancelled it.

    Without a request the engine is only to be loaded, and the answer is None. `needs_room` says that
    a worker had no room for the engine beside others.
    """

    engine: EngineSpec
    request: Request | None
    audio_s: float
    on_progress: Callable[[float], None] | None
    priority: int
    number: int
    answer: asyncio.Future[Answer | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    blows: list[Lost] = field(default_factory=list[Lost])
    needs_room: bool = False

    @property
    def attempts(self) -> int:
        """How many workers have had the call, this one included."""
        return len(self.blows) + 1

    @property
    def is_settled(self) -> bool:
        """Whether it was answered, refused or given up by its caller."""
        return self.answer.done()

    def succeed(self, answer: Answer | None) -> None:
        """Give the caller the answer."""
        if not self.is_settled:
            self.answer.set_result(answer)

    def fail(self, error: ParleyError) -> None:
        """Give the caller an error."""
        if not self.is_settled:
            self.answer.set_exception(error)

    def strike(self, lost: Lost) -> None:
        """A worker was lost over the call; the second time the call is to blame."""
        self.blows.append(lost)
        if len(self.blows) >= MAX_ATTEMPTS:
            detail = "\n\n".join(f"{blow.fate}\n{blow.detail}" for blow in self.blows)
            self.fail(UnitPoisoned(f"A part cost two workers; the second one {lost.fate}.", detail=detail))

    def progress(self, done_s: float) -> None:
        """Tell the caller, later and from the loop: what its callback raises cannot end a supervisor."""
        if self.on_progress is not None and not self.is_settled:
            asyncio.get_running_loop().call_soon(self.on_progress, done_s)


class Line:
    """Waiting calls: lower `priority` first, then first come. Bounded; who comes too late is refused."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: list[Ticket] = []
        self._unsettled: set[Ticket] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Ticket]:
        return iter(tuple(self._waiting))

    def join(self, ticket: Ticket) -> None:
        """Stand in line; raises WorkersBusy when it is full."""
        if len(self._waiting) >= self._limit:
            raise WorkersBusy("Too many calls wait for a worker; try again later.")
        insort(self._waiting, ticket, key=_place)
        self._unsettled.add(ticket)
        ticket.answer.add_done_callback(lambda _: self._unsettled.discard(ticket))

    def rejoin(self, ticket: Ticket) -> None:
        """Take the old place again after a lost worker; never refused, dropped if nobody waits."""
        if not ticket.is_settled:
            insort(self._waiting, ticket, key=_place)

    def leave(self, ticket: Ticket) -> None:
        """Step out of the line, if in it."""
        if ticket in self._waiting:
            self._waiting.remove(ticket)

    def refuse(self, error: ParleyError, engines: Collection[EngineSpec] = ()) -> None:
        """Fail every waiting call, or only those for some engines."""
        for ticket in [ticket for ticket in self if not engines or ticket.engine in engines]:
            self._waiting.remove(ticket)
            # One object for each: an exception gathers the traceback of whoever raises it.
            ticket.fail(rebuild(error.code, error.message, error.detail))

    def close(self, error: ParleyError) -> None:
        """Fail every call that ever joined and is not settled, also those in a worker's hands."""
        self._waiting.clear()
        for ticket in tuple(self._unsettled):
            ticket.fail(rebuild(error.code, error.message, error.detail))


def _place(ticket: Ticket) -> tuple[int, int]:
    return ticket.priority, ticket.number
