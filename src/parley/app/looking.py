"""What a server finds when it starts: profiles, which of them are installed, and the workers they need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from parley.app.live_pools import LivePools, live_pools
from parley.app.pools import elastic, pools_for
from parley.app.workshop import load_profiles, supplies_of
from parley.engines.profiles import Profile
from parley.engines.selecting import Selection, select
from parley.fleet.spec import PoolSpec
from parley.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The default profile, all that are known, those that are installed, and the workers of recordings and
    of live speech."""

    chosen: Selection
    known: Mapping[str, Profile]
    installed: Mapping[str, Profile]
    pools: tuple[PoolSpec, ...]
    live: LivePools


def look_around(settings: Settings) -> Found:
    """Look; reads many folders. Raises InvalidSettings, ProfileError."""
    supplies, known = supplies_of(settings), load_profiles(settings)
    chosen = select(known, settings.profile, None, supplies.has)
    supplies.require(chosen.profile)
    installed = {name: supplies.identified(each) for name, each in known.items() if supplies.has(each)}
    return Found(
        chosen=replace(chosen, profile=installed[chosen.profile.name]),
        known={**known, **installed},
        installed=installed,
        pools=elastic(pools_for(installed.values(), settings, supplies), settings),
        live=live_pools(installed.values(), settings, supplies),
    )
