"""Which worker processes speak: apart from those that recognise, one kind for each engine environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from parley.app.pools import build_pool
from parley.engines.contract import EngineSpec, Role
from parley.engines.profiles import Profile
from parley.engines.registry import by_role
from parley.engines.selecting import FALLBACK
from parley.engines.shipped import voices_by_preference
from parley.fleet.spec import PoolSpec
from parley.settings import Settings
from parley.supply.readiness import Supplies
from parley.synthesis.calling import CHARS_PER_S

VOICES = "voices"
"""The pool of voices of our own environment, and the begin of the other ones' names."""

_GIVEN_UP_S = 10.0
"""Who interrupts a voice wants to hear something else from it: a model that takes as long to load as to
finish its clause is not thrown away for that."""


def installed_voices(specs: Mapping[str, EngineSpec], supplies: Supplies) -> dict[str, EngineSpec]:
    """The engines that can speak here, best first; reads folders."""
    able = [spec for spec in by_role(specs, Role.TTS) if not supplies.lack([spec])]
    best_first = voices_by_preference(able)
    return {name: supplies.identified_engine(spec) for name, spec in best_first.items()}


def voice_pools(
    engines: Mapping[str, EngineSpec], settings: Settings, supplies: Supplies, device: str = ""
) -> tuple[PoolSpec, ...]:
    """Workers that start with the first call and go home when they are idle. `device` computes, "" leaving
    that to the settings."""
    groups: dict[str, list[EngineSpec]] = {}
    for spec in engines.values():
        groups.setdefault(spec.environment, []).append(spec)
    return tuple(
        _pool(environment, group, settings, supplies, device) for environment, group in groups.items()
    )


def judge_of(profile: Profile, installed: Mapping[str, Profile]) -> Profile:
    """The profile that judges recordings of voices: one that tells speakers apart, if there is one."""
    others = (installed[name] for name in (FALLBACK,) if name in installed)
    able = (each for each in (profile, *others) if each.engine(Role.SPEAKERS) is not None)
    return next(able, profile)


def _pool(
    environment: str, engines: list[EngineSpec], settings: Settings, supplies: Supplies, device: str
) -> PoolSpec:
    name = f"{VOICES}-{environment}" if environment else VOICES
    workers = 1 if settings.queue.mode == "lock" else settings.voices.workers
    wanted = dict.fromkeys((spec.name for spec in engines), device)
    return replace(
        build_pool(name, engines, wanted, settings, supplies, workers=workers),
        idle_s=settings.queue.worker_idle_s,
        unload_s=settings.engines.idle_unload_s or None,
        call_floor_s=settings.voices.call_floor_s,
        call_per_audio_s=settings.voices.call_per_char_s * CHARS_PER_S,
        given_up_s=_GIVEN_UP_S,
    )
