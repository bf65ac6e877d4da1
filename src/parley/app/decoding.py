"""Recordings decoded into files that live as long as somebody reads them."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from parley.app.pools import MEDIA, build_pool, limits_for
from parley.app.workshop import supplies_of
from parley.engines.contract import EngineSpec, Role
from parley.engines.registry import discover
from parley.errors import FileNotFound
from parley.fleet.fleet import Fleet
from parley.settings import Settings
from parley.speech.media import DecodedMedia, DecodeOptions, RawFormat
from parley.wire.frames import Decoded, DecodeMedia


class MediaDecoder:
    """Decodes files that a door was sent, by the media worker of the house; `engine` is the media engine of
    the default profile.
    """

    def __init__(self, fleet: Fleet, engine: str, settings: Settings) -> None:
        self._fleet = fleet
        self._engine = engine
        self._options = _options(settings)

    @asynccontextmanager
    async def decoded(self, source: Path) -> AsyncGenerator[Path]:
        """Its samples, 16 kHz mono s16le, in a file; raises what the media engine raises."""
        async with _folder() as folder:
            media = await _decode(self._fleet, self._engine, source, folder, self._options)
            yield Path(media.tracks[0].path)


@asynccontextmanager
async def decoded(
    settings: Settings, path: Path, raw: RawFormat | None = None, notice: Callable[[str], None] | None = None
) -> AsyncGenerator[DecodedMedia]:
    """The recording as 16 kHz mono s16le by a worker of its own, removed in the end.

    Raises FileNotFound, and what the media engine raises.
    """
    source = await asyncio.to_thread(_existing, path)
    engine = _engine(settings)
    pool = build_pool(MEDIA, [engine], {engine.name: ""}, settings, supplies_of(settings), workers=1)
    async with _folder() as folder:
        async with Fleet([pool], limits_for(settings), notice=notice) as fleet:
            media = await _decode(fleet, engine.name, source, folder, _options(settings, raw))
        yield media


@asynccontextmanager
async def _folder() -> AsyncGenerator[str]:
    folder = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="parley-")
    try:
        yield folder.name
    finally:
        await asyncio.to_thread(folder.cleanup)


async def _decode(
    fleet: Fleet, engine: str, source: Path, folder: str, options: DecodeOptions
) -> DecodedMedia:
    request = DecodeMedia(source=os.fsencode(source), folder=folder, options=options)
    reply = (await fleet.call(engine, request, audio_s=0.0)).reply
    if not isinstance(reply, Decoded):
        raise TypeError(f"a media engine answered {type(reply).__name__}")
    return reply.media


def _options(settings: Settings, raw: RawFormat | None = None) -> DecodeOptions:
    return DecodeOptions(
        raw=raw, max_duration_s=settings.max_duration_hours * 3600, max_channels=settings.max_channels
    )


def _engine(settings: Settings) -> EngineSpec:
    """The one of the default install; nobody has asked for another."""
    return next(spec for spec in discover(settings.engine_dirs).values() if spec.role == Role.MEDIA)


def _existing(path: Path) -> Path:
    try:
        found = path.resolve(strict=True)
        readable = found.is_file() and os.access(found, os.R_OK)
    except FileNotFoundError:
        raise FileNotFound(f"There is no file '{path.name}'.") from None
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links, before Python 3.13
        raise FileNotFound(f"The file '{path.name}' cannot be read.", detail=str(error)) from error
    if not readable:
        raise FileNotFound(f"'{path.name}' is no file that can be read.")
    return found
