"""Makes compact copies of recordings that tasks are done with, one at a time, when nothing else is to do.

What is to be done is asked of the database, so a restart forgets nothing. No task waits for a copy, and
where there can be none the original stays.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import msgspec

from parley.batch.wish import HouseLimits
from parley.engines.contract import Role
from parley.engines.profiles import Profile
from parley.errors import (
    DiskFull,
    FleetClosed,
    ParleyError,
    ProfileError,
    WorkersBusy,
    WorkersExhausted,
)
from parley.fleet.fleet import Fleet
from parley.jobs.task import Order
from parley.speech.media import DecodeOptions
from parley.storage.compact_copies import Uncopied
from parley.storage.store import Store
from parley.wire.frames import CompactMedia

LAST = 1_000
"""The priority of a call that lets every other one go first."""

TRIES = 3
_MOST_LEFT = 100
_NOT_NOW = (DiskFull, FleetClosed, ProfileError, WorkersBusy, WorkersExhausted)
_log = logging.getLogger(__name__)
_orders: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)


class Compacting:
    """Turns originals into compact copies for as long as `run` runs.

    Recordings that went through a profile whose media engine cannot do that are left alone.
    """

    def __init__(
        self,
        store: Store,
        fleet: Fleet,
        profiles: Mapping[str, Profile],
        limits: HouseLimits,
        every_s: float = 60.0,
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._engines = engines_of(profiles)
        self._limits = limits
        self._every_s = every_s
        self._wake = asyncio.Event()
        self._tries: dict[str, int] = {}

    def wake(self) -> None:
        """A task is over."""
        self._wake.set()

    async def run(self) -> None:
        """Look now, whenever a task is over and once a minute, until cancelled."""
        while self._engines:
            self._wake.clear()
            try:
                await self.catch_up()
            except ParleyError as error:
                _log.warning("compact copies have to wait: %s (%s)", error.code, error.detail)
                await asyncio.sleep(self._every_s)
            except Exception:  # noqa: BLE001 - a supervisor: no task may end for want of a copy
                _log.exception("compact copies failed for an unforeseen reason")
                await asyncio.sleep(self._every_s)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every_s):
                    await self._wake.wait()

    async def catch_up(self) -> None:
        """Make the copies that can be made now; raises what stands in the way of all of them."""
        await self._store.recordings.release()
        left: set[str] = set()
        while len(left) < _MOST_LEFT:
            recording = await self._store.recordings.copies.next(left, self._engines)
            if recording is None:
                return
            left.add(recording.sha256)
            try:
                await self._make(recording)
            except _NOT_NOW:
                raise
            except ParleyError as error:
                await self._keep_original(recording, error)
            else:
                self._tries.pop(recording.sha256, None)
                left.discard(recording.sha256)

    async def _make(self, recording: Uncopied) -> None:
        recordings = self._store.recordings
        async with recordings.copies.writing() as part:
            await self._fleet.call(
                self._engines[recording.profile],
                CompactMedia(
                    source=os.fsencode(recording.path),
                    target=str(part),
                    options=self._options(recording),
                    # A copy that saves nothing is none.
                    max_bytes=recording.size_bytes - 1,
                ),
                audio_s=0.0,
                priority=LAST,
            )
            await recordings.copies.adopt(recording.sha256, part)
        await recordings.release()

    def _options(self, recording: Uncopied) -> DecodeOptions:
        """All of the recording, whatever part the task was about."""
        limits = self._limits
        whole = DecodeOptions(max_duration_s=limits.max_duration_s, max_channels=limits.max_channels)
        try:
            return replace(whole, raw=_orders.decode(recording.order).wish.decode.raw)
        except msgspec.MsgspecError:
            return whole  # written by another version

    async def _keep_original(self, recording: Uncopied, error: ParleyError) -> None:
        tries = self._tries.get(recording.sha256, 0) + 1
        self._tries[recording.sha256] = tries
        if not error.permanent and tries < TRIES:
            _log.warning("a compact copy failed, try %d: %s (%s)", tries, error.code, error.detail)
            return
        _log.info("a recording is kept as it came: %s (%s)", error.code, error.detail)
        self._tries.pop(recording.sha256)
        await self._store.recordings.copies.mark_impossible(recording.sha256)


def engines_of(profiles: Mapping[str, Profile]) -> dict[str, str]:
    """The media engine of each profile whose engine can make compact copies."""
    media = ((name, profile.engines[Role.MEDIA]) for name, profile in profiles.items())
    return {name: spec.name for name, spec in media if spec.compacts}
