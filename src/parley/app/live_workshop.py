"""Live speech in this process: what the command line uses where there is no server."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from parley.app import options
from parley.app.live_pools import live_pools
from parley.app.pools import limits_for
from parley.app.workshop import load_profiles, supplies_of
from parley.engines.selecting import select
from parley.fleet.fleet import Fleet
from parley.live.contract import LiveRoom
from parley.live.room import LiveSpeech
from parley.settings import Settings

_DAY_S = 86400.0


@asynccontextmanager
async def open_live(
    settings: Settings, notice: Callable[[str], None] | None = None, language: str | None = None
) -> AsyncGenerator[LiveRoom]:
    """A room with one seat for the profile of the settings; leaves no process.

    Where the settings leave the profile open, `language` decides, and `notice` hears which it is. Nobody
    is refused for want of time, and silence of a day ends a session: who speaks is the one who waits.
    """
    supplies, profiles = supplies_of(settings), load_profiles(settings)
    selection = select(profiles, settings.profile, language, supplies.has)
    supplies.require(selection.profile)
    profile = supplies.identified(selection.profile)
    if selection.reason and notice is not None:
        notice(selection.reason)
    found = live_pools([profile], settings, supplies, seats=1)
    limits = replace(options.live_limits(settings), session_idle_s=_DAY_S, max_lag_s=_DAY_S)
    known = {**profiles, profile.name: profile}
    async with (
        Fleet(found.pools, limits_for(settings), notice=notice) as fleet,
        LiveSpeech(fleet, {profile.name: profile}, known, profile.name, found.seats, limits, None) as room,
    ):
        yield room
