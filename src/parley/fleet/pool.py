"""A pool of equal workers: gives waiting calls to free ones, and says when there are too few."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Collection

from parley.engines.contract import EngineSpec
from parley.errors import FleetClosed
from parley.fleet.crew import Crew
from parley.fleet.equipment import Equipment
from parley.fleet.health import PoolHealth
from parley.fleet.limits import FleetLimits
from parley.fleet.line import Answer, Line, Ticket
from parley.fleet.report import report
from parley.fleet.space import Space
from parley.fleet.spec import PoolSpec
from parley.wire.frames import Request

__all__ = ["Notice", "Pool", "PoolSpec"]

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
        self._notice = notice
        self._loop = asyncio.get_running_loop()
        self._engines = {engine.name: engine for engine in spec.engines}
        self._line = Line(limits.max_waiting_calls)
        self._numbers = itertools.count()
        self._is_closed = False
        self._stir = asyncio.Event()
        self._crew = Crew(
            spec,
            limits,
            group,
            self.equipment,
            self._line,
            changed=self._place,
            defect=self._close_doors,
            tell=self._tell,
        )
        self._staff = self._crew.staff

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

    def has(self, engine: str) -> bool:
        """Whether its workers can load the engine."""
        return engine in self._engines

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
        self._crew.is_unloaded = False
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
        self._crew.kept, self._crew.is_unloaded = engines, False
        self._place()
        if self.spec.is_elastic and not self._staff.alive and not self._staff.pending:
            self._crew.hire(self._to_load())
        while self._staff.pending and not self._is_closed:
            self._stir.clear()
            await self._stir.wait()
            self._require_kept()
        if self._is_closed:
            raise _closed()
        # Somebody who could be started may have gone home by now, for others who need the memory.
        if not self._staff.alive and (self._crew.refusal is not None or not self._crew.may_hire):
            raise self._crew.why_nobody()

    def _require_kept(self) -> None:
        """Raise why nobody could be started, though somebody may start now for other calls."""
        if self._crew.kept is None and self._crew.refusal is not None and not self._staff.alive:
            raise self._crew.refusal

    def health(self) -> PoolHealth:
        """The pool at this moment."""
        return report(
            self.spec,
            self._staff,
            self._crew.ledger,
            self.equipment,
            waiting=len(self._line),
            now=self._loop.time(),
            refusal=self._crew.refusal,
        )

    def close(self) -> None:
        """Settle every call and begin to end every worker."""
        self._close_doors()
        self._crew.close()

    def _close_doors(self) -> None:
        self._is_closed = True
        self._line.close(_closed())
        self._stir.set()

    def _place(self) -> None:
        """Give waiting calls to free workers, hire where there are too few, refuse where none will come."""
        self._stir.set()
        if self._is_closed:
            return
        self._hand_out()
        if self._crew.may_hire:
            for _ in range(self._wanted()):
                self._crew.hire(self._to_load())
        elif len(self._line) and not self._staff.alive and not self._staff.pending:
            self._line.refuse(self._crew.why_nobody())
        self._crew.watch_idleness()

    def _hand_out(self) -> None:
        for ticket in self._line:
            if not (self._staff.idle or self.equipment.faults.reasons):
                return
            engine = ticket.engine.name
            refusal = self.equipment.refusal(engine)
            shift = self._staff.free_for(engine, may_load=refusal is None)
            if shift is not None and not ticket.is_settled:
                self._crew.give(shift, ticket)
            elif refusal is not None and not self._staff.has_loaded(engine):
                self._line.leave(ticket)
                ticket.fail(refusal)

    def _to_load(self) -> Collection[EngineSpec]:
        """What a new worker loads beforehand: nothing, when a call waits that needs all the room."""
        return () if any(ticket.needs_room for ticket in self._line) else self._crew.kept or ()

    def _wanted(self) -> int:
        """Workers to start now: one for each waiting call, all when kept warm, never too many."""
        kept = self.spec.min_workers if self.spec.is_elastic else self.spec.workers
        keeps = self._crew.kept is not None and not self._crew.is_unloaded
        absent = kept - self._staff.alive - self._staff.pending if keeps else 0
        return min(self._staff.lacking, max(absent, len(self._line) - self._staff.pending))

    def _tell(self, sentence: str) -> None:
        """Later and from the loop: what a listener raises cannot end a supervisor."""
        if self._notice is not None:
            self._loop.call_soon(self._notice, sentence)


def _closed() -> FleetClosed:
    return FleetClosed("The workers are being stopped; the work was not finished.")
