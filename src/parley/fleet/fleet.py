"""The workers of a process: `async with Fleet(pools, limits) as fleet: await fleet.call(...)`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from parley.errors import InvalidSettings, ProfileNotInstalled
from parley.fleet.health import FleetHealth
from parley.fleet.limits import FleetLimits
from parley.fleet.line import Answer
from parley.fleet.pool import Notice, Pool
from parley.fleet.spec import PoolSpec
from parley.wire.frames import Request

__all__ = ["Answer", "Fleet"]


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
        names = [engine.name for spec in self._specs for engine in spec.engines]
        if len(names) != len(set(names)):
            raise InvalidSettings("An engine belongs to two pools of workers; name it in one only.")

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        for spec in self._specs:
            pool = Pool(spec, self._limits, self._group, self._notice)
            self._pools[spec.name] = pool
            self._by_engine |= {engine.name: pool for engine in spec.engines}
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in self._pools.values():
            pool.close()
        # What the body raised is not told to the group, which would wrap it.
        await self._group.__aexit__(None, None, None)

    async def call(
        self,
        engine: str,
        request: Request,
        audio_s: float,
        on_progress: Callable[[float], None] | None = None,
        priority: int = 0,
    ) -> Answer:
        """Let a worker do `request` with an engine; `audio_s` seconds of audio set its deadline.

        Lower `priority` goes first, then first come. `on_progress` hears seconds of audio done.
        Cancelling the awaiting task gives the call up. A call whose worker is lost is tried once
        more. Raises UnitPoisoned when that worker is lost too, OutOfMemory, EngineFailed or
        whatever error the engine chose; ProfileNotInstalled, EngineOutdated, WorkersExhausted,
        WorkersBusy or FleetClosed when no worker can take it.
        """
        pool = self._by_engine.get(engine)
        if pool is None:
            raise ProfileNotInstalled(f"No pool of workers has the engine '{engine}'.")
        return await pool.call(engine, request, audio_s, on_progress, priority)

    async def warm(self, *engines: str) -> None:
        """Start all workers, load the named engines where they belong, and keep so many running.

        Raises ParleyError when a pool cannot start any.
        """
        wanted = set(engines)
        for pool in self._pools.values():
            await pool.warm([engine for engine in pool.spec.engines if engine.name in wanted])

    def health(self) -> FleetHealth:
        """All pools at this moment."""
        return FleetHealth(pools=tuple(pool.health() for pool in self._pools.values()))
