"""Files that a door was sent in pieces, decoded by the media worker of the house."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from parley.fleet.fleet import Fleet
from parley.settings import Settings
from parley.speech.media import DecodeOptions
from parley.wire.frames import Decoded, DecodeMedia


class Unpacking:
    """`engine` is the media engine of the default profile."""

    def __init__(self, fleet: Fleet, engine: str, settings: Settings) -> None:
        self._fleet = fleet
        self._engine = engine
        self._options = DecodeOptions(
            max_duration_s=settings.max_duration_hours * 3600, max_channels=settings.max_channels
        )

    @asynccontextmanager
    async def decoded(self, source: Path) -> AsyncGenerator[Path]:
        """Its samples, 16 kHz mono s16le, in a file; raises what the media engine raises."""
        folder = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="parley-")
        try:
            request = DecodeMedia(source=os.fsencode(source), folder=folder.name, options=self._options)
            answer = await self._fleet.call(self._engine, request, audio_s=0.0)
            if not isinstance(answer.reply, Decoded):
                raise TypeError(f"a media engine answered {type(answer.reply).__name__}")
            yield Path(answer.reply.media.tracks[0].path)
        finally:
            await asyncio.to_thread(folder.cleanup)
