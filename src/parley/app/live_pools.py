"""Which worker processes hear live speech: seats, apart from the workers of recordings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from parley.app.pools import build_pool
from parley.engines.contract import EngineSpec
from parley.engines.profiles import Profile
from parley.fleet.spec import PoolSpec
from parley.settings import Settings
from parley.settings.keys import processors
from parley.supply.readiness import Supplies

_MOST_SEATS = 4
_MOST_THREADS = 4
"""Beyond these the models that are small enough for live speech lose more by waiting for each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePools:
    """Pools of one worker each, and for each seat which of them has an engine."""

    pools: tuple[PoolSpec, ...]
    seats: tuple[Mapping[str, str], ...]


def live_pools(
    profiles: Iterable[Profile], settings: Settings, supplies: Supplies, *, seats: int | None = None
) -> LivePools:
    """Seats for live speech with any of these profiles, as many as the settings say where nobody else does.

    A seat has a worker of our own environment, `live-1`, and may share the one of an engine environment,
    `live-1-funasr`, with other seats: there are as many of those as `engines.workers` says.
    """
    profiles = tuple(profiles)
    used = {spec.name: spec for profile in profiles for spec in profile.for_live}
    wanted = {
        spec.name: profile.devices.get(spec.role, "")
        for profile in reversed(profiles)
        for spec in profile.for_live
    }
    groups: dict[str, list[EngineSpec]] = {}
    for spec in used.values():
        groups.setdefault(spec.environment, []).append(spec)
    pools: list[PoolSpec] = []
    made: list[dict[str, str]] = [{} for _ in range(seats or live_seats(settings))]
    for environment, engines in groups.items():
        most = settings.engines.workers.get(environment, 1) if environment else len(made)
        mine = _pools_of(engines, wanted, settings, supplies, count=min(len(made), most))
        pools += mine
        for number, seat in enumerate(made):
            seat |= dict.fromkeys((spec.name for spec in engines), mine[number % len(mine)].name)
    return LivePools(pools=tuple(pools), seats=tuple(made))


def live_seats(settings: Settings) -> int:
    """How many seats there are; in lock mode one."""
    if settings.queue.mode == "lock":
        return 1
    return settings.live.workers or max(1, min(_MOST_SEATS, processors() // 2))


def _pools_of(
    engines: Sequence[EngineSpec],
    wanted: Mapping[str, str],
    settings: Settings,
    supplies: Supplies,
    *,
    count: int,
) -> list[PoolSpec]:
    suffix = f"-{engines[0].environment}" if engines[0].environment else ""
    threads = settings.devices.threads or max(1, min(_MOST_THREADS, processors() // count))
    return [
        replace(
            build_pool(f"live-{number}{suffix}", engines, wanted, settings, supplies, workers=1),
            is_live=True,
            threads=threads,
            idle_s=settings.queue.worker_idle_s,
            unload_s=settings.engines.idle_unload_s or None,
            call_floor_s=min(settings.live.call_floor_s, settings.call_floor_s),
            call_per_audio_s=min(settings.live.call_per_audio_s, settings.call_per_audio_s),
        )
        for number in range(1, count + 1)
    ]
