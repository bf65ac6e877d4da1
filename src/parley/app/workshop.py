"""One profile at work in this process: what the command line and the Python API use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from parley.app.pools import limits_for, pools_for
from parley.batch.enrol import take_voice
from parley.batch.events import Event, Publish
from parley.batch.options import Outcome, RecipeOptions, Recording, stamp_of
from parley.batch.recipe import transcribe
from parley.batch.units import Tools
from parley.batch.wish import HouseLimits, Wish, plan
from parley.engines.profiles import Profile, build_profiles
from parley.engines.registry import discover
from parley.engines.selecting import select
from parley.errors import FileNotFound
from parley.fleet.fleet import Fleet
from parley.jobs.principal import ANYBODY
from parley.settings import MIB, Settings
from parley.storage.store import Store
from parley.storage.voices import EnrolledVoice
from parley.supply.environments import Environments
from parley.supply.models import Models
from parley.supply.readiness import Supplies


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """An open store and a fleet for one profile."""

    settings: Settings
    profile: Profile
    profiles: Mapping[str, Profile]
    store: Store
    fleet: Fleet

    async def enrol(self, path: Path, wish: Wish, user: str, name: str) -> EnrolledVoice:
        """Remember the voice in a file under a name; raises ParleyError."""
        options = self.options(wish)
        recording = await self.identify(path)
        taken = await take_voice(self.tools(wish, nobody_listens), recording, options, self.profile)
        return await self.store.voices.enroll(user, name, taken.engine, taken.vector, taken.speech_s)

    def tools(self, wish: Wish, publish: Publish) -> Tools:
        """What the stages of a recipe work with."""
        return Tools(
            store=self.store,
            fleet=self.fleet,
            publish=publish,
            # One unit in each worker's hands and one waiting beside it.
            in_flight=2 * self.settings.worker_count(),
            reuse=wish.use_cache,
        )

    async def transcribe(self, path: Path, wish: Wish, publish: Publish) -> Outcome:
        """The transcript of a file; raises ParleyError."""
        known = await self.store.voices.known(ANYBODY) if wish.speakers is not None else ()
        options = self.options(replace(wish, known=known))
        recording = await self.identify(path)
        return await transcribe(self.tools(wish, publish), recording, options, self.profile)

    async def identify(self, path: Path) -> Recording:
        """The file and its digest; raises FileNotFound."""
        try:
            absolute = await asyncio.to_thread(path.resolve, strict=True)
            stamp = await asyncio.to_thread(stamp_of, absolute)
            return Recording(path=absolute, sha256=await self.store.hash_file(absolute), stamp=stamp)
        except FileNotFoundError:
            raise FileNotFound(f"There is no file '{path.name}'.") from None
        except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links, before Python 3.13
            raise FileNotFound(f"The file '{path.name}' cannot be read.", detail=str(error)) from error

    def options(self, wish: Wish) -> RecipeOptions:
        """The wish as the profile can fulfil it; raises UnsupportedOption for what it cannot."""
        return plan(wish, self.profile, self.profiles, house_limits(self.settings))


def house_limits(settings: Settings) -> HouseLimits:
    """The recipe's share of the settings."""
    return HouseLimits(
        max_duration_s=settings.max_duration_hours * 3600,
        max_channels=settings.max_channels,
        unit_seconds=settings.unit_seconds,
    )


def load_profiles(settings: Settings) -> Mapping[str, Profile]:
    """Every profile known here; raises InvalidSettings."""
    return build_profiles(discover(settings.engine_dirs), settings.profiles)


@asynccontextmanager
async def open_workshop(
    settings: Settings, notice: Callable[[str], None] | None = None, language: str | None = None
) -> AsyncGenerator[Workshop]:
    """Open the store and a fleet for the profile of the settings; close both, leaving no process.

    Where the settings leave the profile open, `language` decides, and `notice` hears which it is.
    """
    supplies = supplies_of(settings)
    profiles = load_profiles(settings)
    selection = select(profiles, settings.profile, language, supplies.has)
    supplies.require(selection.profile)
    profile = supplies.identified(selection.profile)
    if selection.reason and notice is not None:
        notice(selection.reason)
    store = await Store.open(settings.data_dir)
    try:
        async with Fleet(
            pools_for([profile], settings, supplies), limits_for(settings), notice=notice
        ) as fleet:
            yield Workshop(settings=settings, profile=profile, profiles=profiles, store=store, fleet=fleet)
        await store.tidy(
            pcm_bytes=settings.pcm_cache_mib * MIB,
            cache_bytes=settings.cache_mib * MIB,
            cache_age_s=settings.cache_days * 86400,
        )
    finally:
        await store.close()


def supplies_of(settings: Settings) -> Supplies:
    """The engine environments and models that the settings lead to."""
    return Supplies(
        environments=Environments(settings.environments_dir()), models=Models(settings.models_dir())
    )


def nobody_listens(event: Event) -> None:
    """The publisher of a caller who does not care."""
