"""The workers of a process: `async with Fleet(pools, limits) as fleet: await fleet.call(...)`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from parley.errors import FleetClosed, InvalidSettings, OutOfMemory, ProfileNotInstalled
from parley.fleet.equipment import on_processor
from parley.fleet.health import FleetHealth
from parley.fleet.limits import FleetLimits
from parley.fleet.line import Answer
from parley.fleet.pool import Notice, Pool
from parley.fleet.space import Space
from parley.fleet.spec import PoolSpec, own_limits
from parley.fleet.turns import Turns
from parley.wire.frames import Request

__all__ = ["Answer", "Fleet"]

_LIVE_AHEAD = 1_000_000
"""More than the priorities of calls differ otherwise."""


class Fleet:
    """Pools of worker processes, used within one event loop.

    `notice` hears a sentence whenever a worker is lost. Leaving the context ends every process
    within the grace of the limits. A defect in supervision cancels the body of the context and is
    raised from it: nobody goes on unsupervised.
    """

    def __init__(
        self, pools: Iterable[PoolSpec], limits: FleetLimits | None = None, notice: Notice | None = None
    ) -> None:
        self._specs = tuple(pools)
        self._limits = limits or FleetLimits()
        self._notice = notice
        self._group = asyncio.TaskGroup()
        self._pools: dict[str, Pool] = {}
        self._by_engine: dict[str, Pool] = {}
        self._space: Space | None = None
        self._turns = Turns(self._limits.max_waiting_calls)
        self._is_closed = False
        names = [engine.name for spec in self._specs if not spec.is_live for engine in spec.engines]
        if len(names) != len(set(names)):
            raise InvalidSettings("An engine belongs to two pools of workers; name it in one only.")

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        for spec in self._specs:
            pool = self._open(spec)
            if not spec.is_live:
                self._by_engine |= {engine.name: pool for engine in spec.engines}
        return self

    def _open(self, spec: PoolSpec) -> Pool:
        if self._space is None:
            self._space = Space(self._limits)
        limits = own_limits(spec, self._limits)
        pool = Pool(spec, limits, self._group, self._notice, self._space)
        self._pools[spec.name] = pool
        return pool

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_closed = True
        self._turns.close()
        for pool in self._pools.values():
            pool.close()
        if self._space is not None:
            self._space.close()
        # What the body raised is not told to the group, which would wrap it.
        await self._group.__aexit__(None, None, None)

    async def call(
        self,
        engine: str,
        request: Request,
        audio_s: float,
        on_progress: Callable[[float], None] | None = None,
        priority: int = 0,
        *,
        on_cpu: bool = False,
        pool: str | None = None,
    ) -> Answer:
        """Let a worker do `request` with an engine; `audio_s` seconds of audio set its deadline.

        Lower `priority` goes first, then first come; where all pools take turns, live speech goes before
        recordings. `on_progress` hears seconds of audio done. Cancelling the awaiting task gives the call
        up. With `on_cpu` the processor does what was too much for the device that the engine is on; raises
        OutOfMemory where that is no other device. `pool` names the pool, as has to be done for live speech.
        A call whose worker is lost is tried once more; of a stream that went with it the new worker says
        StreamLost. Raises UnitPoisoned when that worker is lost too, OutOfMemory, EngineFailed or whatever
        error the engine chose; EngineBroken, DeviceUnavailable, ProfileNotInstalled, EngineOutdated,
        WorkersExhausted, WorkersBusy or FleetClosed when no worker can take it.
        """
        found = self._find(engine, pool)
        if on_cpu:
            found = self._spare(found, engine)
        if not found.spec.takes_turns:
            return await found.call(engine, request, audio_s, on_progress, priority)
        async with self._turns.take(priority - _LIVE_AHEAD if found.spec.is_live else priority):
            return await found.call(engine, request, audio_s, on_progress, priority)

    async def warm(self, *engines: str, keep: bool = True) -> None:
        """Start the workers of the pools that have the named engines, load those, and keep so many running.

        Without `keep` an elastic pool only sees to it that somebody has them loaded, for now. Without
        names all pools are started, but those of live speech: their first call does that. Raises ParleyError
        when a pool cannot start any worker, or none that has its engines.
        """
        wanted = {
            pool: [engine for engine in pool.spec.engines if engine.name in engines]
            for pool in self._pools.values()
            if not (pool.spec.is_spare or pool.spec.is_live)
        }
        warming = [pool.warm(mine, keep=keep) for pool, mine in wanted.items() if mine or not engines]
        # All of them, whatever becomes of one.
        ends = await asyncio.gather(*warming, return_exceptions=True)
        for error in (end for end in ends if end is not None):
            raise error

    def _find(self, engine: str, name: str | None) -> Pool:
        """The pool of that name, or the one that has the engine; raises ProfileNotInstalled."""
        if name is None:
            if (found := self._by_engine.get(engine)) is None:
                raise ProfileNotInstalled(f"No pool of workers has the engine '{engine}'.")
            return found
        found = self._pools.get(name)
        if found is None or not found.has(engine):
            raise ProfileNotInstalled(f"No pool of workers '{name}' has the engine '{engine}'.")
        return found

    def _spare(self, pool: Pool, engine: str) -> Pool:
        """The pool that has the same engines on the processor, opened when it is first needed."""
        if self._is_closed:
            # Nobody would close a pool that is opened now.
            raise FleetClosed("The workers are being stopped; the work was not finished.")
        if not pool.equipment.may_spare(engine):
            raise OutOfMemory(f"The engine '{engine}' ran out of memory, and has no other device.")
        spec = on_processor(pool.spec, self._limits.spare_idle_s)
        return self._pools.get(spec.name) or self._open(spec)

    def health(self) -> FleetHealth:
        """All pools at this moment."""
        return FleetHealth(pools=tuple(pool.health() for pool in self._pools.values()))
