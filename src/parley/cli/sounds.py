"""Where the audio of `parley listen` comes from: a file at the pace of its clock, or standard input."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from parley.client.apart import apart
from parley.errors import InvalidOption
from parley.live.options import HIGHEST_RATE_HZ, LOWEST_RATE_HZ, MOST_CHANNELS, Encoding
from parley.settings import Settings
from parley.speech.media import SAMPLE_BYTES, SAMPLE_RATE_HZ, RawFormat

ENCODINGS: dict[str, Encoding] = {"s16le": "pcm16", "f32le": "float32", "mulaw": "mulaw"}

PLAIN = RawFormat(sample_rate_hz=SAMPLE_RATE_HZ, sample_format="s16le", channels=1)

_PIECE_S = 0.1
_BLOCK_S = 10.0
_READ_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Audio as it comes, and what it is; `is_paced` False says that recognition is always behind."""

    name: str
    pieces: AsyncIterator[bytes]
    sample_rate_hz: int = SAMPLE_RATE_HZ
    encoding: Encoding = "pcm16"
    channels: int = 1
    is_paced: bool = True


@asynccontextmanager
async def open_file(
    settings: Settings, path: Path, raw: RawFormat | None, speed: float, notice: Callable[[str], None]
) -> AsyncGenerator[Sound]:
    """A media file, `speed` times as fast as its clock; 0 sets no pace."""
    from parley.app.decoding import decoded

    async with decoded(settings, path, raw, notice) as media:
        for warning in media.warnings:
            notice(f"warning: {warning}")
        [track] = media.tracks
        file = await asyncio.to_thread(Path(track.path).open, "rb")
        with file:
            pieces = _pieces(file)
            if speed:
                pieces = paced(pieces, speed)
            yield Sound(name=path.name, pieces=pieces, is_paced=speed > 0)


async def _pieces(file: BinaryIO) -> AsyncGenerator[bytes]:
    size = int(_PIECE_S * SAMPLE_RATE_HZ) * SAMPLE_BYTES
    while block := await asyncio.to_thread(file.read, round(_BLOCK_S / _PIECE_S) * size):
        for first in range(0, len(block), size):
            yield block[first : first + size]


async def paced(pieces: AsyncIterator[bytes], speed: float) -> AsyncGenerator[bytes]:
    """Give each piece when its last sample would have been spoken."""
    began, bytes_in_second = time.monotonic(), SAMPLE_RATE_HZ * SAMPLE_BYTES * speed
    done = 0
    async for piece in pieces:
        done += len(piece)
        await asyncio.sleep(began + done / bytes_in_second - time.monotonic())
        yield piece


@asynccontextmanager
async def open_standard_input(raw: RawFormat | None) -> AsyncGenerator[Sound]:
    """Headerless PCM as it comes; raises InvalidOption for what live speech does not take."""
    form = raw or PLAIN
    if form.sample_format not in ENCODINGS:
        raise InvalidOption(f"--raw takes {', '.join(ENCODINGS)} for live speech, not {form.sample_format}.")
    if not LOWEST_RATE_HZ <= form.sample_rate_hz <= HIGHEST_RATE_HZ:
        raise InvalidOption(f"--raw takes rates from {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz.")
    if not 1 <= form.channels <= MOST_CHANNELS:
        raise InvalidOption(f"--raw takes 1 to {MOST_CHANNELS} channels.")
    if not sys.stdin:
        raise InvalidOption("Standard input is closed; pipe audio into the command, or name a file.")
    yield Sound(
        name="stdin",
        pieces=_piped(sys.stdin.fileno()),
        sample_rate_hz=form.sample_rate_hz,
        encoding=ENCODINGS[form.sample_format],
        channels=form.channels,
    )


async def _piped(descriptor: int) -> AsyncGenerator[bytes]:
    """Whatever is there, without waiting until a buffer is full."""
    while piece := await apart(lambda: os.read(descriptor, _READ_BYTES)):
        yield piece
