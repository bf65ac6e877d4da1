"""What a server finds when it starts: profiles, which of them are installed, and the workers they need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from parley.app.live_pools import LivePools, live_pools
from parley.app.pools import elastic, pools_for
from parley.app.voice_pools import installed_voices, voice_pools
from parley.app.workshop import supplies_of
from parley.engines.contract import EngineSpec, Role
from parley.engines.profiles import Profile, build_profiles
from parley.engines.registry import discover
from parley.engines.selecting import Selection, select
from parley.fleet.spec import PoolSpec
from parley.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The default profile, all that are known, those that are installed, the workers of recordings and
    of live speech, and the engines that speak with theirs."""

    chosen: Selection
    known: Mapping[str, Profile]
    installed: Mapping[str, Profile]
    pools: tuple[PoolSpec, ...]
    live: LivePools
    voices: Mapping[str, EngineSpec]
    voice_pools: tuple[PoolSpec, ...]


def look_around(settings: Settings) -> Found:
    """Look; reads many folders. Raises InvalidSettings, ProfileError."""
    supplies, specs = supplies_of(settings), discover(settings.engine_dirs)
    known = build_profiles(specs, settings.profiles)
    chosen = select(known, settings.profile, None, supplies.has)
    supplies.require(chosen.profile)
    installed = {name: supplies.identified(each) for name, each in known.items() if supplies.has(each)}
    voices = installed_voices(specs, supplies)
    return Found(
        chosen=replace(chosen, profile=installed[chosen.profile.name]),
        known={**known, **installed},
        installed=installed,
        pools=elastic(pools_for(installed.values(), settings, supplies), settings),
        live=live_pools(installed.values(), settings, supplies),
        voices=voices,
        voice_pools=voice_pools(voices, settings, supplies, chosen.profile.devices.get(Role.TTS, "")),
    )
