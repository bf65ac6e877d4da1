"""The room of live speech of a server: its bounds, what its calls cost, and who keeps its recordings."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from parley.app import options
from parley.app.looking import Found
from parley.app.recording import UploadRecorder
from parley.fleet.fleet import Fleet
from parley.jobs.reception import Reception
from parley.live.contract import LiveRoom
from parley.live.costs import CountedFleet
from parley.live.room import LiveSpeech
from parley.settings import MIB, Settings
from parley.telemetry import names
from parley.telemetry.metrics import Metrics


@asynccontextmanager
async def open_live_room(
    settings: Settings, found: Found, fleet: Fleet, reception: Reception, metrics: Metrics
) -> AsyncGenerator[LiveRoom]:
    """Open it; in the end sessions are ended before the recordings that they make."""
    counted = CountedFleet(fleet)
    metrics.watch(names.LIVE_PROCESSOR, counted.seconds)
    recorder = UploadRecorder(reception, settings.profile, settings.max_file_mib * MIB)
    room = LiveSpeech(
        counted,
        found.installed,
        found.known,
        found.chosen.profile.name,
        found.live.seats,
        options.live_limits(settings),
        recorder,
    )
    try:
        async with room:
            yield room
    finally:
        await recorder.close()
