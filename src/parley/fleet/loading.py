"""How one worker comes to an engine: memory first where that is bounded, then the load itself."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from parley.engines.contract import EngineSpec
from parley.errors import ParleyError
from parley.fleet.equipment import Equipment
from parley.fleet.line import Ticket
from parley.fleet.lost import Lost, NoRoom
from parley.fleet.memory import Claim, Verdict
from parley.fleet.space import Holder
from parley.fleet.worker import Worker


class Place(Holder, Protocol):
    """Who holds what the engine takes, which of the pool's places it has, and which devices it was told
    to avoid for an engine, where there were any."""

    slot: int
    avoided: dict[str, tuple[str, ...]]


class Loading:
    """Every claim on memory ends: by the load, by its failure, or because nobody wants it any more."""

    def __init__(self, place: Place, equipment: Equipment) -> None:
        self._place = place
        self._equipment = equipment

    async def load_now(self, worker: Worker, engine: EngineSpec) -> None:
        """Load an engine if there is room at once and it is not broken; raises ParleyError or Lost."""
        if (refusal := self._equipment.refusal(engine.name)) is not None:
            raise refusal
        claim = self._claim(engine)
        if claim.verdict is Verdict.WAITING:
            self._equipment.space.ask_now(claim)
        if claim.verdict is Verdict.GRANTED:
            await self._load(worker, engine, claim)

    async def load_for(self, worker: Worker, ticket: Ticket) -> None:
        """See to it that a call's engine is loaded, unless the caller gives up first; raises NoRoom too."""
        if ticket.engine.name in worker.loaded:
            return
        claim = self._claim(ticket.engine)
        if claim.verdict is Verdict.WAITING:
            await self._wait(worker, ticket, claim)
        if claim.verdict is Verdict.GRANTED:
            await self._load(worker, ticket.engine, claim)

    def _claim(self, engine: EngineSpec) -> Claim[Holder]:
        try:
            need = self._equipment.need(engine, self._place.slot)
        except ParleyError as error:
            raise self._equipment.failed(engine, error) from error
        return self._equipment.space.claim(self._place, engine.name, need)

    async def _wait(self, worker: Worker, ticket: Ticket, claim: Claim[Holder]) -> None:
        """Until there is room or nobody wants it; the worker is watched meanwhile."""
        space = self._equipment.space
        decision = space.ask(claim)
        try:
            await worker.attend(asyncio.ensure_future(_first(decision, ticket.answer)))
        finally:
            if claim.verdict is Verdict.WAITING or ticket.is_settled:
                space.withdraw(claim)
                claim.verdict = Verdict.WAITING
        if claim.verdict is Verdict.TURNED_AWAY:
            raise NoRoom

    async def _load(self, worker: Worker, engine: EngineSpec, claim: Claim[Holder]) -> None:
        equipment = self._equipment
        avoided = equipment.avoided(engine.name)
        frame = equipment.frame(engine, self._place.slot, claim.refused)
        try:
            await equipment.verify(engine)
            how = await worker.load(engine, frame)
        except ParleyError as error:
            equipment.space.failed(self._place, engine.name)
            raise equipment.failed(engine, error) from error
        except Lost as loss:
            loss.loading, loss.device = engine, worker.trying
            raise
        equipment.loaded(engine, how)
        self._place.avoided[engine.name] = avoided
        mib = how.memory_mib or engine.memory_mib
        equipment.space.loaded(self._place, engine.name, how.device, mib)


async def _first(*futures: asyncio.Future[Any]) -> None:
    """Until one of them is done; none is cancelled."""
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
