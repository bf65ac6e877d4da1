"""Builds the application from settings: the only place that knows every room."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from parley.batch.events import Event, Publish
from parley.batch.options import Outcome, RecipeOptions, Recording, stamp_of
from parley.batch.recipe import transcribe
from parley.batch.units import Tools
from parley.engines.contract import EngineSpec, Role
from parley.engines.profiles import Profile, build_profiles, check_options, choose
from parley.engines.registry import discover
from parley.errors import FileNotFound, UnsupportedOption
from parley.fleet.fleet import Fleet
from parley.fleet.limits import FleetLimits
from parley.fleet.pool import PoolSpec
from parley.settings import MIB, Settings
from parley.speech.media import DecodeOptions
from parley.speech.recognition import RecognitionOptions, SpeakerCount
from parley.storage.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a caller asks of a recording.

    `speakers` is "auto" (told apart where the profile can), None (not told apart) or a count. The
    limits in `decode` are replaced by those of the settings. `strict` fails when a part cannot be
    recognised, instead of marking it.
    """

    decode: DecodeOptions = field(default_factory=DecodeOptions)
    recognition: RecognitionOptions = field(default_factory=RecognitionOptions)
    speakers: SpeakerCount | Literal["auto"] | None = "auto"
    use_cache: bool = True
    strict: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """An open store and a fleet for one profile."""

    settings: Settings
    profile: Profile
    profiles: Mapping[str, Profile]
    store: Store
    fleet: Fleet

    async def transcribe(self, path: Path, wish: Wish, publish: Publish) -> Outcome:
        """The transcript of a file; raises ParleyError."""
        options = self.options(wish)
        recording = await self.identify(path)
        tools = Tools(
            store=self.store,
            fleet=self.fleet,
            publish=publish,
            # One unit in each worker's hands and one waiting beside it.
            in_flight=2 * self.settings.worker_count(),
            reuse=wish.use_cache,
        )
        return await transcribe(tools, recording, options, self.profile)

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
        check_options(self.profile, wish.recognition, self.profiles.values())
        return RecipeOptions(
            decode=replace(
                wish.decode,
                max_duration_s=self.settings.max_duration_hours * 3600,
                max_channels=self.settings.max_channels,
            ),
            recognition=wish.recognition,
            speakers=self._speakers(wish),
            use_cache=wish.use_cache,
            fail_on_lost_speech=wish.strict,
            unit_seconds=self.settings.unit_seconds,
        )

    def _speakers(self, wish: Wish) -> SpeakerCount | None:
        asked = wish.speakers
        if wish.decode.channel == "split":
            if isinstance(asked, SpeakerCount):
                raise UnsupportedOption(
                    "Split channels are one speaker each; leave the number of speakers out."
                )
            return SpeakerCount() if asked == "auto" else None
        able = self.profile.engine(Role.SPEAKERS) is not None
        if isinstance(asked, SpeakerCount):
            if able or asked.maximum == 1:
                return asked
            others = [name for name, profile in self.profiles.items() if profile.engine(Role.SPEAKERS)]
            raise UnsupportedOption(
                f"Profile '{self.profile.name}' cannot tell speakers apart; "
                f"use --profile {' or '.join(others)}."
            )
        return SpeakerCount() if asked == "auto" and able else None


def load_profiles(settings: Settings) -> Mapping[str, Profile]:
    """Every profile known here; raises InvalidSettings."""
    return build_profiles(discover(settings.engine_dirs), settings.profiles)


@asynccontextmanager
async def open_workshop(
    settings: Settings, notice: Callable[[str], None] | None = None
) -> AsyncGenerator[Workshop]:
    """Open the store and a fleet for the profile of the settings; close both, leaving no process."""
    profiles = load_profiles(settings)
    profile = choose(profiles, settings.profile)
    profile.require_installed()
    store = await Store.open(settings.data_dir)
    try:
        async with Fleet(pools_for(profile, settings), limits_for(settings), notice=notice) as fleet:
            yield Workshop(settings=settings, profile=profile, profiles=profiles, store=store, fleet=fleet)
        await store.tidy(
            pcm_bytes=settings.pcm_cache_mib * MIB,
            cache_bytes=settings.cache_mib * MIB,
            cache_age_s=settings.cache_days * 86400,
        )
    finally:
        await store.close()


def pools_for(profile: Profile, settings: Settings) -> tuple[PoolSpec, ...]:
    """One process decodes; the others do everything else, each with one thread.

    Decoding apart: it reads foreign bytes with a large C library, and it is rarely the bottleneck.
    """
    media = profile.engines[Role.MEDIA]
    speech: tuple[EngineSpec, ...] = tuple(
        spec for role, spec in profile.engines.items() if role != Role.MEDIA
    )
    return (
        PoolSpec(name="media", python=sys.executable, engines=(media,), workers=1),
        PoolSpec(name="speech", python=sys.executable, engines=speech, workers=settings.worker_count()),
    )


def limits_for(settings: Settings) -> FleetLimits:
    """The fleet's share of the settings."""
    return FleetLimits(
        call_floor_s=settings.call_floor_s,
        call_per_audio_s=settings.call_per_audio_s,
        recycle_rss_growth_bytes=settings.worker_rss_growth_mib * MIB,
    )


def nobody_listens(event: Event) -> None:
    """The publisher of a caller who does not care."""
