"""The room of voices of a server: its bounds, its library, and what it tells of delays."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from parley.app import options
from parley.app.looking import Found
from parley.app.voice_pools import judge_of
from parley.app.workshop import house_limits
from parley.fleet.fleet import Fleet
from parley.settings import Settings
from parley.storage.store import Store
from parley.synthesis.keeping import Library
from parley.synthesis.room import SpeechSynthesis
from parley.telemetry import names
from parley.telemetry.metrics import Metrics


@asynccontextmanager
async def open_voice_room(
    settings: Settings, found: Found, fleet: Fleet, store: Store, metrics: Metrics
) -> AsyncGenerator[SpeechSynthesis]:
    """Open it; in the end what is spoken is ended."""
    limits = options.synthesis_limits(settings)
    judge = judge_of(found.chosen.profile, found.installed)
    library = Library(store, fleet, judge, house_limits(settings), limits.max_voices_per_user)

    def first_audio(seconds: float) -> None:
        metrics.observe(names.SPEECH_FIRST_AUDIO, seconds)

    room = SpeechSynthesis(
        fleet, found.voices, settings.voices.default, limits, library, first_audio=first_audio
    )
    async with room:
        yield room
