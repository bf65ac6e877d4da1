"""How the workers are, as values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedEngine:
    """An engine where it is loaded: in how many workers, what it holds there in all, about, and how long
    loading took at most."""

    name: str
    device: str
    workers: int
    memory_mib: int
    load_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerHealth:
    """One worker: `pid` is 0 until its process is there, `engines` are loaded, each with its device."""

    state: Literal["starting", "idle", "busy", "leaving", "lost"]
    pid: int = 0
    engines: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolHealth:
    """One pool: numbers of workers, waiting calls, and why workers were lost lately.

    `dead` workers were lost and not replaced yet; `restarts` counts replacements since the fleet
    was opened; `gave_up` says that the restart budget is spent. `broken` engines, of all `engines` it may
    have, could not be loaded, or nobody can be started who would; with the reason. `notices` tell of
    devices that were not taken. `is_spare` is said of a pool that does on the processor what was too much
    for the device of another, `is_live` of one that hears live speech.
    """

    name: str
    alive: int
    starting: int
    dead: int
    waiting: int
    restarts: int
    recycled: int
    gave_up: bool
    reasons: tuple[str, ...]
    loaded: tuple[LoadedEngine, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict[str, str])
    notices: tuple[str, ...] = ()
    is_spare: bool = False
    is_live: bool = False
    engines: tuple[str, ...] = ()
    workers: tuple[WorkerHealth, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetHealth:
    """All pools of a fleet."""

    pools: tuple[PoolHealth, ...]

    @property
    def is_degraded(self) -> bool:
        """Whether a pool has given up replacing its workers."""
        return any(pool.gave_up for pool in self.pools)

    def gave_up_on(self, engines: Collection[str]) -> bool:
        """Whether a pool for recordings that has one of these engines has given up replacing its workers."""
        return any(engine in engines for pool in self._main if pool.gave_up for engine in pool.engines)

    @property
    def broken(self) -> Mapping[str, str]:
        """Engines that could not be loaded for recordings, with the reason, until they have been."""
        return {name: why for pool in self._main for name, why in pool.broken.items()}

    @property
    def broken_in_live(self) -> Mapping[str, str]:
        """The same of live speech."""
        pools = (pool for pool in self.pools if pool.is_live and not pool.is_spare)
        return {name: why for pool in pools for name, why in pool.broken.items()}

    @property
    def _main(self) -> list[PoolHealth]:
        return [pool for pool in self.pools if not (pool.is_spare or pool.is_live)]
