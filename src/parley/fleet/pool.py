"""A pool of equal workers: gives waiting calls to free ones, hires, replaces and relieves them."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Collection

from parley.engines.contract import EngineSpec
from parley.errors import FleetClosed, ParleyError
from parley.fleet.health import PoolHealth
from parley.fleet.ledger import Ledger
from parley.fleet.limits import FleetLimits
from parley.fleet.line import Answer, Line, Ticket
from parley.fleet.lost import Lost, TooLarge
from parley.fleet.shift import Shift, State
from parley.fleet.spec import PoolSpec
from parley.fleet.staff import Staff
from parley.wire.frames import Request

__all__ = ["Notice", "Pool", "PoolSpec"]

_log = logging.getLogger(__name__)

Notice = Callable[[str], None]
"""Hears sentences about lost workers, for whoever watches."""


class Pool:
    """Every change of a shift or of the line ends in `_place`, which alone decides what comes next."""

    def __init__(
        self, spec: PoolSpec, limits: FleetLimits, group: asyncio.TaskGroup, notice: Notice | None
    ) -> None:
        self.spec = spec
        self._limits = limits
        self._group = group
        self._notice = notice
        self._loop = asyncio.get_running_loop()
        self._engines = {engine.name: engine for engine in spec.engines}
        self._line = Line(limits.max_waiting_calls)
        self._numbers = itertools.count()
        self._staff = Staff(spec.workers)
        self._homeward: dict[Shift, asyncio.TimerHandle] = {}
        self._ledger = Ledger(limits)
        self._kept: Collection[EngineSpec] | None = None
        self._refusal: ParleyError | None = None
        self._is_closed = False
        self._stir = asyncio.Event()

    async def call(
        self,
        engine: str,
        request: Request,
        audio_s: float,
        on_progress: Callable[[float], None] | None,
        priority: int,
    ) -> Answer:
        """What a worker answers; raises ParleyError. Cancelling the caller gives the call up."""
        if self._is_closed:
            raise _closed()
        ticket = Ticket(
            engine=self._engines[engine],
            request=request,
            audio_s=audio_s,
            on_progress=on_progress,
            priority=priority,
            number=next(self._numbers),
        )
        self._line.join(ticket)
        try:
            self._place()
            return await ticket.answer
        finally:
            self._line.leave(ticket)

    async def warm(self, engines: Collection[EngineSpec]) -> None:
        """Start all workers, load `engines` in those that start now, and keep it so after losses.

        An elastic pool starts and keeps its minimum, and for now one at least. Raises why when none
        could be started.
        """
        self._kept = engines
        self._place()
        if self.spec.is_elastic and not self._staff.alive and not self._staff.pending:
            self._hire(engines)
        while self._staff.pending and not self._is_closed:
            self._stir.clear()
            await self._stir.wait()
            self._require_kept()
        if not self._staff.alive:
            raise _closed() if self._is_closed else self._refusal or self._ledger.bankruptcy(self.spec.name)

    def _require_kept(self) -> None:
        """Raise why nobody could be started, though somebody may start now for other calls."""
        if self._kept is None and self._refusal is not None and not self._staff.alive:
            raise self._refusal

    def health(self) -> PoolHealth:
        """The pool at this moment."""
        ledger = self._ledger
        return PoolHealth(
            name=self.spec.name,
            alive=self._staff.alive,
            starting=self._staff.starting,
            dead=max(0, min(ledger.unreplaced, self.spec.workers - self._staff.alive - self._staff.starting)),
            waiting=len(self._line),
            restarts=ledger.restarts,
            recycled=ledger.recycled,
            gave_up=not ledger.may_start(self._loop.time()),
            reasons=ledger.reasons,
        )

    def close(self) -> None:
        """Settle every call and begin to end every worker."""
        self._close_doors()
        for shift in tuple(self._homeward):
            self._stay(shift)
        self._staff.dismiss()

    def _close_doors(self) -> None:
        self._is_closed = True
        self._line.close(_closed())
        self._stir.set()

    async def _run(self, shift: Shift) -> None:
        """See one worker through; what is not foreseen ends the whole fleet through its task group."""
        try:
            await self._supervise(shift)
        except BaseException:
            self._close_doors()
            raise
        finally:
            await shift.close()
            self._stay(shift)
            self._staff.remove(shift)
            self._place()

    async def _supervise(self, shift: Shift) -> None:
        try:
            await asyncio.sleep(self._ledger.delay(self._loop.time()))
            await shift.open()
            self._opened(shift)
            self._rested(shift)
            while (ticket := await shift.order()) is not None:
                await shift.serve(ticket)
                self._served(shift)
                self._rested(shift)
        except (Lost, TooLarge) as cause:
            await shift.bury(cause)
            self._mourn(shift, cause)
        except ParleyError as error:
            self._could_not_open(shift, error)

    def _place(self) -> None:
        """Give waiting calls to free workers, hire where there are too few, refuse where none will come."""
        self._stir.set()
        if self._is_closed:
            return
        self._hand_out()
        if self._ledger.may_start(self._loop.time()):
            for _ in range(self._wanted()):
                self._hire(self._kept or ())
        elif len(self._line) and not self._staff.alive and not self._staff.pending:
            self._line.refuse(self._refusal or self._ledger.bankruptcy(self.spec.name))

    def _hand_out(self) -> None:
        for ticket in self._line:
            shift = self._staff.free_for(ticket.engine.name)
            if shift is None:
                return
            if not ticket.is_settled:
                self._line.leave(ticket)
                self._stay(shift)
                shift.give(ticket)

    def _wanted(self) -> int:
        """Workers to start now: one for each waiting call, all when kept warm, never too many."""
        kept = self.spec.min_workers if self.spec.is_elastic else self.spec.workers
        absent = kept - self._staff.alive - self._staff.pending if self._kept is not None else 0
        return min(self._staff.lacking, max(absent, len(self._line) - self._staff.pending))

    def _hire(self, engines: Collection[EngineSpec], relieves: Shift | None = None) -> None:
        shift = Shift(self.spec, self._limits, engines, relieves)
        if relieves is None:
            self._ledger.hired()
        self._staff.add(shift, self._group.create_task(self._run(shift)))

    def _opened(self, shift: Shift) -> None:
        self._refusal = None
        if shift.relieves is not None:
            self._ledger.recycled += 1
            shift.relieves.relieve()
            shift.relieves = None
        self._place()

    def _served(self, shift: Shift) -> None:
        """The next call goes to the worn worker too, until its relief is ready."""
        self._ledger.succeeded()
        may_start = self._ledger.may_start(self._loop.time()) and not self._staff.is_relief_on_its_way
        if shift.worn and may_start:
            _log.info("a worker of %s is relieved after %s", self.spec.name, shift.worn)
            self._hire([self._engines[name] for name in sorted(shift.loaded)], relieves=shift)
        self._place()

    def _rested(self, shift: Shift) -> None:
        """In an elastic pool: from now on it has nothing to do, unless it was given a call already."""
        self._stay(shift)
        if self.spec.idle_s is not None and shift.state is State.IDLE:
            self._homeward[shift] = self._loop.call_later(self.spec.idle_s, self._send_home, shift)

    def _stay(self, shift: Shift) -> None:
        if (timer := self._homeward.pop(shift, None)) is not None:
            timer.cancel()

    def _send_home(self, shift: Shift) -> None:
        """It was idle for long; the fewest there may be stay."""
        self._homeward.pop(shift, None)
        if shift.state is State.IDLE and self._staff.alive > self.spec.min_workers:
            _log.info("a worker of %s goes home after %.0f idle seconds", self.spec.name, self.spec.idle_s)
            shift.relieve()

    def _mourn(self, shift: Shift, cause: Lost | TooLarge) -> None:
        """Account for a lost worker; its call is tried again unless it is settled or to blame."""
        ticket = shift.ticket
        if isinstance(cause, TooLarge) or (ticket is not None and ticket.is_settled):
            return
        _log.warning("a worker of %s %s", self.spec.name, cause.fate)
        _log.debug("its last lines:\n%s", cause.detail)
        self._refusal = None
        self._ledger.lost(self._loop.time(), cause.fate, at_work=shift.at_work)
        self._tell(f"A worker {cause.fate}.")
        if ticket is not None:
            if shift.at_work:
                self._blame(ticket, cause)
            self._line.rejoin(ticket)

    def _blame(self, ticket: Ticket, cause: Lost) -> None:
        ticket.strike(cause)
        if ticket.is_settled:
            self._ledger.poisoned(self._loop.time())

    def _could_not_open(self, shift: Shift, error: ParleyError) -> None:
        """Another start would fail alike, so those who wait are told, unless others can serve them.

        Whoever waits for an engine that was not to be loaded gets a worker that loads none beforehand.
        """
        _log.warning("a worker of %s cannot work: %s (%s)", self.spec.name, error.message, error.detail)
        self._ledger.lost(self._loop.time(), error.message)
        self._kept = None
        self._refusal = error
        if not self._staff.alive:
            self._line.refuse(error, shift.engines)

    def _tell(self, sentence: str) -> None:
        """Later and from the loop: what a listener raises cannot end a supervisor."""
        if self._notice is not None:
            self._loop.call_soon(self._notice, sentence)


def _closed() -> FleetClosed:
    return FleetClosed("The workers are being stopped; the work was not finished.")
