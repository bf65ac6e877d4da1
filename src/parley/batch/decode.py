"""Stage: decode a recording once into PCM files that everything else refers to."""

from __future__ import annotations

import asyncio
import os
import time

from parley.batch.events import Advanced, Stage
from parley.batch.options import RecipeOptions, Recording, stamp_of
from parley.batch.units import Tools
from parley.engines.contract import EngineSpec
from parley.errors import InputError
from parley.speech.media import DecodedMedia
from parley.wire.frames import Decoded, DecodeMedia


async def decode(
    tools: Tools, engine: EngineSpec, key: str, recording: Recording, options: RecipeOptions
) -> DecodedMedia:
    """PCM files for a recording, those of an earlier run where they are still there.

    Raises what the media engine raises: UndecodableMedia, UnsupportedMedia, MediaTooLarge,
    InvalidOption, DiskFull; or WorkerError; or InputError for a file that changed meanwhile.
    """
    cost = tools.cost(Stage.DECODE)
    found = await tools.store.pcm.find(key) if tools.reuse else None
    if found is not None:
        cost.units_remembered += 1
        return found
    began = time.monotonic()
    async with tools.store.pcm.writing(key) as folder:
        answer = await tools.fleet.call(
            engine.name,
            DecodeMedia(source=os.fsencode(recording.path), folder=str(folder.path), options=options.decode),
            audio_s=0.0,
            on_progress=lambda done: tools.publish(Advanced(Stage.DECODE, done, 0.0)),
        )
        tools.note(answer.notices)
        if not isinstance(answer.reply, Decoded):
            raise TypeError(f"a media engine answered {type(answer.reply).__name__}")
        await _require_unchanged(recording)
        media = await folder.publish(answer.reply.media, replace=not tools.reuse)
    cost.units_done += 1
    cost.cpu_s += answer.cpu_s
    cost.wall_s += time.monotonic() - began
    return media


async def _require_unchanged(recording: Recording) -> None:
    """What was decoded must be what was hashed, or it would be remembered under another's name."""
    if await asyncio.to_thread(stamp_of, recording.path) != recording.stamp:
        raise InputError(
            f"The file '{recording.path.name}' changed while it was read; run the command again."
        )
