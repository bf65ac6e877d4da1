"""Which worker processes run which engines, where, and how many of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from parley.engines.contract import EngineSpec, Role
from parley.engines.profiles import Profile
from parley.fleet.limits import FleetLimits
from parley.fleet.pool import PoolSpec
from parley.settings import MIB, Settings
from parley.settings.keys import processors
from parley.speech.device import Placement
from parley.supply.readiness import Supplies

MEDIA = "media"
"""The pool of decoding."""

SPEECH = "speech"
"""The pool of the other engines; those that name an engine environment have a pool of that name instead."""


def pools_for(profiles: Iterable[Profile], settings: Settings, supplies: Supplies) -> tuple[PoolSpec, ...]:
    """One kind of process decodes; the others do everything else, those of an environment together.

    Decoding apart: it reads foreign bytes with a large C library, and it is rarely the bottleneck.
    """
    profiles = tuple(profiles)
    used = {spec.name: spec for profile in profiles for spec in profile.for_recordings.values()}
    wanted = {
        spec.name: profile.devices.get(role, "")
        for profile in reversed(profiles)
        for role, spec in profile.for_recordings.items()
    }
    groups: dict[str, list[EngineSpec]] = {MEDIA: [], SPEECH: []}
    for spec in used.values():
        groups.setdefault(_pool_of(spec), []).append(spec)
    return tuple(
        build_pool(name, engines, wanted, settings, supplies, workers=_workers(name, settings))
        for name, engines in groups.items()
    )


def pool_of_environment(
    name: str, engines: Sequence[EngineSpec], settings: Settings, supplies: Supplies
) -> PoolSpec:
    """One worker of an engine environment that has these engines, at least one."""
    wanted = dict.fromkeys((spec.name for spec in engines), "")
    return build_pool(name, engines, wanted, settings, supplies, workers=1)


def _pool_of(spec: EngineSpec) -> str:
    return MEDIA if spec.role == Role.MEDIA else spec.environment or SPEECH


def build_pool(
    name: str,
    engines: Sequence[EngineSpec],
    wanted: Mapping[str, str],
    settings: Settings,
    supplies: Supplies,
    *,
    workers: int,
) -> PoolSpec:
    """Workers for engines of one environment; `wanted` names devices by engine, "" leaving it open."""
    fitted = [spec for spec in engines if spec.takes_setup]
    environment = engines[0].environment if engines else ""
    pool = PoolSpec(
        name=name,
        engines=tuple(engines),
        workers=workers,
        takes_turns=settings.queue.mode == "lock" and name != MEDIA,
        placements={spec.name: _placement(spec, wanted[spec.name], settings) for spec in fitted},
        models={spec.name: supplies.folders(spec) for spec in fitted},
        verify=partial(supplies.require_unchanged, {spec.name: supplies.weights(spec) for spec in fitted}),
    )
    if not environment:
        return replace(pool, installed_as="")
    threads = settings.devices.threads or max(1, processors() // workers)
    return replace(
        pool,
        python=supplies.interpreter(engines[0]),
        locate=partial(supplies.interpreter, engines[0]),
        installed_as=environment,
        threads=threads,
    )


def _workers(pool: str, settings: Settings) -> int:
    if pool == MEDIA:
        return 1
    most = speech_workers(settings)
    return most if pool == SPEECH else min(most, settings.engines.workers.get(pool, 1))


def _placement(spec: EngineSpec, wanted: str, settings: Settings) -> Placement:
    devices = settings.devices
    return Placement(wanted=wanted or devices.default, kinds=spec.devices, is_strict=devices.strict)


def elastic(pools: Iterable[PoolSpec], settings: Settings) -> tuple[PoolSpec, ...]:
    """The pools of a server: they grow with the work, and idle workers go home."""
    queue = settings.queue
    return tuple(
        replace(
            pool,
            workers=_decoders(settings) if pool.name == MEDIA else pool.workers,
            min_workers=min(queue.min_workers, pool.workers) if pool.name != MEDIA else 0,
            idle_s=queue.worker_idle_s,
            unload_s=settings.engines.idle_unload_s or None,
        )
        for pool in pools
    )


def _decoders(settings: Settings) -> int:
    """While one makes a compact copy, another decodes what a task waits for."""
    return 2 if settings.uploads.keep_media == "compact" and settings.queue.mode != "lock" else 1


def speech_workers(settings: Settings) -> int:
    """Most speech workers; in lock mode one."""
    return 1 if settings.queue.mode == "lock" else settings.worker_count()


def limits_for(settings: Settings) -> FleetLimits:
    """The fleet's share of the settings."""
    return FleetLimits(
        call_floor_s=settings.call_floor_s,
        call_per_audio_s=settings.call_per_audio_s,
        recycle_rss_growth_bytes=settings.worker_rss_growth_mib * MIB,
        device_memory_mib=settings.devices.memory_mib,
    )
