"""How the workers are, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolHealth:
    """One pool: numbers of workers, waiting calls, and why workers were lost lately.

    `dead` workers were lost and not replaced yet; `restarts` counts replacements since the fleet
    was opened; `gave_up` says that the restart budget is spent.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetHealth:
    """All pools of a fleet."""

    pools: tuple[PoolHealth, ...]

    @property
    def is_degraded(self) -> bool:
        """Whether a pool has given up replacing its workers."""
        return any(pool.gave_up for pool in self.pools)
