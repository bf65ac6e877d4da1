"""Voices in this process: what the command line uses where there is no server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from parley.app import options
from parley.app.pools import limits_for, pools_for
from parley.app.voice_pools import installed_voices, judge_of, voice_pools
from parley.app.workshop import house_limits, supplies_of
from parley.engines.contract import EngineSpec, Role
from parley.engines.profiles import Profile, build_profiles
from parley.engines.registry import discover
from parley.engines.selecting import FALLBACK, select
from parley.fleet.fleet import Fleet
from parley.fleet.spec import PoolSpec
from parley.settings import Settings
from parley.storage.store import Store
from parley.synthesis.keeping import Library
from parley.synthesis.room import SpeechSynthesis

_DAY_S = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    engines: Mapping[str, EngineSpec]
    judge: Profile
    pools: tuple[PoolSpec, ...]


@asynccontextmanager
async def open_voices(
    settings: Settings, notice: Callable[[str], None] | None = None
) -> AsyncGenerator[SpeechSynthesis]:
    """A room with the voices that are installed and the library of the data directory; leaves no process.

    Whoever writes is the one who listens: a pause of a day ends a request. Raises InvalidSettings,
    StorageError.
    """
    found = await asyncio.to_thread(_look, settings)
    limits = replace(options.synthesis_limits(settings), idle_s=_DAY_S)
    async with AsyncExitStack() as stack:
        store = await Store.open(settings.data_dir)
        stack.push_async_callback(store.close)
        fleet = await stack.enter_async_context(Fleet(found.pools, limits_for(settings), notice=notice))
        library = Library(store, fleet, found.judge, house_limits(settings), limits.max_voices_per_user)
        room = SpeechSynthesis(fleet, found.engines, settings.voices.default, limits, library)
        yield await stack.enter_async_context(room)


def _look(settings: Settings) -> _Found:
    """What is installed; reads folders."""
    supplies, specs = supplies_of(settings), discover(settings.engine_dirs)
    profiles = build_profiles(specs, settings.profiles)
    chosen = select(profiles, settings.profile, None, supplies.has).profile
    installed = {name: profile for name, profile in profiles.items() if supplies.has(profile)}
    judge = judge_of(installed.get(chosen.name, profiles[FALLBACK]), installed)
    engines = installed_voices(specs, supplies)
    pools = (
        *pools_for([judge], settings, supplies),
        *voice_pools(engines, settings, supplies, judge.devices.get(Role.TTS, "")),
    )
    return _Found(engines=engines, judge=supplies.identified(judge), pools=pools)
