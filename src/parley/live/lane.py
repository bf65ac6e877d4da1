"""The errands of one worker process: one call at a time, the most urgent first, several where that is exact.

A call that was begun is never given up, because that would cost a worker; what nobody waits for any more
is left out before.
"""

from __future__ import annotations

import asyncio
import itertools
from bisect import insort
from collections.abc import Callable

from parley.engines.contract import EngineSpec
from parley.errors import (
    EngineFailed,
    FleetClosed,
    OutOfMemory,
    ParleyError,
    StreamLost,
    UnitPoisoned,
    WorkerDied,
    WorkersBusy,
)
from parley.live.errands import Ask, Caller, Errand, Urgency
from parley.live.grouping import Group, combined, copy_of, joins, shares, welcomes
from parley.live.suspects import Suspects
from parley.wire.frames import Reply

LINE_LIMIT = 4096
"""Errands that wait: a session has two at most, and what it leaves behind."""

CLOSE_GRACE_S = 1.0
"""So long what is in line may take when the seat is closed: streams are dropped then."""

WARM_S = 30.0
"""An engine that was used so lately is loaded still, most likely."""

_OWN_FAULTS = (UnitPoisoned, EngineFailed, OutOfMemory)
"""What one of several requests may be to blame for."""


class Lane:
    """Sends errands to the pool `pool` as long as there are any.

    With `on_cpu` they go to the processor, where that is another device than the pool's.
    Whoever was in a call that cost a worker goes alone until that went well, so that of several the one
    to blame is found.
    """

    def __init__(self, fleet: Caller, pool: str, *, on_cpu: bool = False) -> None:
        self._fleet = fleet
        self._pool = pool
        self._on_cpu = on_cpu
        self._waiting: list[Errand] = []
        self._numbers = itertools.count()
        self._suspects = Suspects()
        self._used: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def post(
        self, owner: str, engine: EngineSpec, make: Callable[[], Ask | None], urgency: Urgency
    ) -> Errand:
        """Stand in line; the errand's answer is a future."""
        errand = Errand(owner=owner, engine=engine, make=make, urgency=urgency, number=next(self._numbers))
        errand.answer.add_done_callback(_look)
        if self._is_closed:
            errand.fail(_closed())
            return errand
        if len(self._waiting) >= LINE_LIMIT:
            errand.fail(WorkersBusy("Too much waits for the workers of live speech; start more of them."))
            return errand
        self._used[engine.name] = asyncio.get_running_loop().time()
        insort(self._waiting, errand, key=lambda each: each.place)
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        return errand

    def withdraw(self, errand: Errand) -> None:
        """Leave the line, if in it; the answer is None then."""
        if errand in self._waiting:
            self._waiting.remove(errand)
            errand.succeed(None)

    def is_warm(self, engine: EngineSpec) -> bool:
        """Whether the engine was asked for something lately."""
        used = self._used.get(engine.name)
        return used is not None and asyncio.get_running_loop().time() - used < WARM_S

    def forget(self, owner: str) -> None:
        """A session is gone."""
        self._suspects.forget(owner)

    async def close(self) -> None:
        """Answer everybody and end."""
        self._is_closed = True
        task = self._task
        if task is not None:
            await asyncio.wait({task}, timeout=CLOSE_GRACE_S)
            task.cancel()
            await asyncio.wait({task})

    async def _work(self) -> None:
        try:
            while self._waiting:
                group = self._next()
                if group.errands:
                    await self._serve(group)
        finally:
            self._task = None
            for errand in self._waiting:
                errand.fail(_closed())
            self._waiting.clear()

    def _next(self) -> Group:
        """The most urgent errand, and those that may go with it."""
        group = Group()
        for errand in tuple(self._waiting):
            if errand.is_settled:
                self._waiting.remove(errand)
            elif not group.errands or self._may_join(group, errand):
                self._take(errand, group)
            if group.errands and group.errands[0].owner in self._suspects:
                break
        return group

    def _may_join(self, group: Group, errand: Errand) -> bool:
        first = group.errands[0]
        alike = errand.engine is first.engine and errand.urgency is first.urgency
        # Making up what is asked costs a copy of its audio: not for nothing.
        return alike and errand.owner not in self._suspects and welcomes(first.engine, group.asks[0])

    def _take(self, errand: Errand, group: Group) -> None:
        ask = errand.make()
        if ask is not None and group.asks and not joins(errand.engine, group.asks, ask):
            return
        self._waiting.remove(errand)
        if ask is None:
            errand.succeed(None)
            return
        group.errands.append(errand)
        group.asks.append(ask)

    async def _serve(self, group: Group) -> None:
        try:
            await self._ask(group)
        except ParleyError as error:
            await self._part(group, error)
        finally:
            # Nobody is left without an answer, whatever happened.
            for errand in group.errands:
                errand.fail(_closed())

    async def _ask(self, group: Group) -> None:
        began = asyncio.get_running_loop().time()
        answer = await self._fleet.call(
            group.errands[0].engine.name,
            combined(group.asks),
            sum(ask.audio_s for ask in group.asks),
            priority=group.errands[0].urgency,
            on_cpu=self._on_cpu,
            pool=self._pool,
        )
        for errand in group.errands:
            errand.took_s = (asyncio.get_running_loop().time() - began) / len(group.errands)
        if answer.attempts > 1:
            self._used.clear()
        if answer.attempts > 1 and group.is_feed:
            # The worker was lost in this call, and the one that answered knows none of the streams.
            self._blame(group)
            return
        if group.is_feed:
            self._suspects.acquit(group.errands[0].owner)
        for errand, share in zip(group.errands, shares(group.asks, answer.reply), strict=True):
            if isinstance(share, ParleyError):
                errand.fail(share)
            else:
                errand.succeed(share)

    def _blame(self, group: Group) -> None:
        alone = len(group.errands) == 1
        self._suspects.blame(errand.owner for errand in group.errands)
        for errand in group.errands:
            lost = "A worker was lost while it listened to this speech."
            errand.fail(WorkerDied(lost) if alone else StreamLost(lost))

    async def _part(self, group: Group, error: ParleyError) -> None:
        """What one of several may be to blame for is tried one by one; streams are lost with the worker."""
        if len(group.errands) == 1 or not isinstance(error, _OWN_FAULTS):
            for errand in group.errands:
                errand.fail(copy_of(error))
        elif group.is_feed:
            self._blame(group)
        else:
            for errand, ask in zip(group.errands, group.asks, strict=True):
                if not errand.is_settled:
                    await self._serve(Group([errand], [ask]))


def _look(answer: asyncio.Future[Reply | None]) -> None:
    """An error that nobody waits for any more is none."""
    if not answer.cancelled():
        answer.exception()


def _closed() -> FleetClosed:
    return FleetClosed("The workers are being stopped; the speech was not recognised.")
