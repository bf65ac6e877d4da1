"""A pool of equal workers: gives waiting calls to free ones, hires, replaces and relieves them."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Collection

from parley.engines.contract import EngineSpec
from parley.errors import FleetClosed, ParleyError
from parley.fleet.equipment import Equipment
from parley.fleet.health import PoolHealth
from parley.fleet.idling import Idling
from parley.fleet.ledger import Ledger
from parley.fleet.limits import FleetLimits
from parley.fleet.line import Answer, Line, Ticket
from parley.fleet.lost import Lost, NoRoom, TooLarge
from parley.fleet.report import report
from parley.fleet.shift import Shift, State
from parley.fleet.space import Space
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
        self,
        spec: PoolSpec,
        limits: FleetLimits,
        group: asyncio.TaskGroup,
        notice: Notice | None,
        space: Space,
    ) -> None:
        self.spec = spec
        self.equipment = Equipment(spec, limits, space, self._tell)
        self._limits = limits
        self._group = group
        self._notice = notice
        self._loop = asyncio.get_running_loop()
        self._engines = {engine.name: engine for engine in spec.engines}
        self._line = Line(limits.max_waiting_calls)
        self._numbers = itertools.count()
        self._staff = Staff(spec.workers)
        self._idling = Idling(spec.idle_s, spec.unload_s)
        self._ledger = Ledger(limits)
        self._kept: Collection[EngineSpec] | None = None
        self._refusal: ParleyError | None = None
        self._is_closed = False
        self._is_unloaded = False
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
        ticket = Ticket(
            engine=self._engines[engine],
            request=request,
            audio_s=audio_s,
            on_progress=on_progress,
            priority=priority,
            number=next(self._numbers),
        )
        answer = await self._ask(ticket)
        if answer is None:
            raise RuntimeError("a call was answered with nothing")
        return answer

    async def _load(self, engine: EngineSpec) -> None:
        """See to it that a worker has loaded an engine; raises ParleyError."""
        await self._ask(
            Ticket(
                engine=engine,
                request=None,
                audio_s=0.0,
                on_progress=None,
                priority=0,
                number=next(self._numbers),
            )
        )

    async def _ask(self, ticket: Ticket) -> Answer | None:
        if self._is_closed:
            raise _closed()
        self._is_unloaded = False
        self._line.join(ticket)
        try:
            self._place()
            return await ticket.answer
        finally:
            self._line.leave(ticket)

    async def warm(self, engines: Collection[EngineSpec], *, keep: bool) -> None:
        """Start all workers, load `engines` in each and keep so many running from now on.

        An elastic pool starts and keeps its minimum, and for now one at least; without `keep` it only
        sees to it that some worker has them. Raises why when none could be started, or an engine could not
        be loaded in any.
        """
        if keep or not self.spec.is_elastic:
            await self._start_all(engines)
        for engine in engines:
            if not self._staff.has_loaded(engine.name):
                await self._load(engine)

    async def _start_all(self, engines: Collection[EngineSpec]) -> None:
        self._kept, self._is_unloaded = engines, False
        self._place()
        if self.spec.is_elastic and not self._staff.alive and not self._staff.pending:
            self._hire(self._to_load())
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
        return report(
            self.spec,
            self._staff,
            self._ledger,
            self.equipment,
            waiting=len(self._line),
            now=self._loop.time(),
            refusal=self._refusal,
        )

    def close(self) -> None:
        """Settle every call and begin to end every worker."""
        self._close_doors()
        self._idling.close()
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
            self._idling.stay(shift)
            self._staff.remove(shift)
            self.equipment.space.left(shift)
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
        except NoRoom:
            self._turned_away(shift)
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
                self._hire(self._to_load())
        elif len(self._line) and not self._staff.alive and not self._staff.pending:
            self._line.refuse(self._refusal or self._ledger.bankruptcy(self.spec.name))
        self._idling.watch(has_work=self._has_work(), unload=self._unload)

    def _has_work(self) -> bool:
        """Whether somebody waits, works or starts; also when nobody is there who could be sent home."""
        idle = len(self._staff.idle)
        return bool(len(self._line) or not idle or idle < self._staff.alive + self._staff.pending)

    def _hand_out(self) -> None:
        for ticket in self._line:
            if not (self._staff.idle or self.equipment.faults.reasons):
                return
            engine = ticket.engine.name
            refusal = self.equipment.refusal(engine)
            shift = self._staff.free_for(engine, may_load=refusal is None)
            if shift is not None and not ticket.is_settled:
                self._line.leave(ticket)
                self._idling.stay(shift)
                self.equipment.space.busy(shift)
                shift.give(ticket)
            elif refusal is not None and not self._staff.has_loaded(engine):
                self._line.leave(ticket)
                ticket.fail(refusal)

    def _to_load(self) -> Collection[EngineSpec]:
        """What a new worker loads beforehand: nothing, when a call waits that needs all the room."""
        return () if any(ticket.needs_room for ticket in self._line) else self._kept or ()

    def _wanted(self) -> int:
        """Workers to start now: one for each waiting call, all when kept warm, never too many."""
        kept = self.spec.min_workers if self.spec.is_elastic else self.spec.workers
        keeps = self._kept is not None and not self._is_unloaded
        absent = kept - self._staff.alive - self._staff.pending if keeps else 0
        return min(self._staff.lacking, max(absent, len(self._line) - self._staff.pending))

    def _hire(self, engines: Collection[EngineSpec], relieves: Shift | None = None) -> None:
        slot = relieves.slot if relieves else self._staff.free_slot()
        shift = Shift(self.spec, self._limits, self.equipment, slot, engines, relieves)
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
        if shift.worn and self._may_relieve(shift):
            _log.info("a worker of %s is relieved after %s", self.spec.name, shift.worn)
            self._hire([self._engines[name] for name in sorted(shift.loaded)], relieves=shift)
        self._place()

    def _may_relieve(self, shift: Shift) -> bool:
        """Not while another relief starts, nor while what it has loaded could not be loaded again."""
        is_broken = any(self.equipment.refusal(engine) for engine in shift.loaded)
        may_start = self._ledger.may_start(self._loop.time()) and not self._staff.is_relief_on_its_way
        return may_start and not is_broken

    def _rested(self, shift: Shift) -> None:
        """From now on it has nothing to do, unless it was given a call already."""
        self._idling.rested(shift, self._send_home)
        if shift.state is State.IDLE:
            self.equipment.space.rested(shift)

    def _unload(self) -> None:
        """Nobody had work for long: even the fewest there may be go home, until there is work again."""
        self._is_unloaded = True
        _log.info("the workers of %s go home after %.0f idle seconds", self.spec.name, self.spec.unload_s)
        for shift in self._staff.idle:
            shift.relieve()

    def _turned_away(self, shift: Shift) -> None:
        """Its call needs more memory than there is beside what it holds."""
        if shift.ticket is not None:
            shift.ticket.needs_room = True
            self._line.rejoin(shift.ticket)
        shift.go_home()

    def _send_home(self, shift: Shift) -> None:
        """It was idle for long; the fewest there may be stay."""
        self._idling.stay(shift)
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
        if cause.loading is not None:
            self.equipment.lost(cause.loading, cause.device, cause)
        answered_for = shift.at_work or cause.loading is not None
        self._ledger.lost(self._loop.time(), cause.fate, at_work=answered_for)
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
        if shift.has_greeted:
            return  # a relief, whose engines have to answer for it
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
