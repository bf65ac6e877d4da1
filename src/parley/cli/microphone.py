"""A microphone, through the package `sounddevice`, which is an extra of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from parley.cli.sounds import Sound
from parley.errors import DeviceUnavailable
from parley.live.options import HIGHEST_RATE_HZ, LOWEST_RATE_HZ
from parley.speech.media import SAMPLE_RATE_HZ

_BLOCK_S = 0.1
MOST_WAITING = 640
"""Blocks that wait for a server that is behind: a minute; what comes after that is lost, and told."""


@asynccontextmanager
async def open_microphone(device: str | None, notice: Callable[[str], None]) -> AsyncGenerator[Sound]:
    """What a microphone hears, until the context ends; raises DeviceUnavailable.

    `device` is a number of the system's list or a part of a name; None is the default one.
    """
    library = load_library()
    wanted = int(device) if device is not None and device.isdecimal() else device
    tape = Tape(asyncio.get_running_loop(), notice)
    try:
        rate_hz = _rate(library, wanted)
        stream = library.RawInputStream(
            samplerate=rate_hz,
            blocksize=int(_BLOCK_S * rate_hz),
            device=wanted,
            channels=1,
            dtype="int16",
            callback=tape.hear,
            finished_callback=tape.finish,
        )
        stream.start()
    except (library.PortAudioError, ValueError) as error:
        which = "The microphone" if device is None else f"The microphone '{device}'"
        raise DeviceUnavailable(
            f"{which} cannot be opened; see 'python -m sounddevice' for those there are, and name one with "
            "--mic-device.",
            detail=str(error),
        ) from error
    try:
        yield Sound(name="microphone", pieces=tape.pieces(), sample_rate_hz=rate_hz)
    finally:
        await asyncio.to_thread(stream.close)


def load_library(device: str = "A microphone") -> Any:
    """The package `sounddevice`; raises DeviceUnavailable with the way to install what lacks."""
    try:
        import sounddevice
    except ImportError as error:
        raise DeviceUnavailable(
            f"{device} needs the package 'sounddevice'; install it with: pip install 'parley[mic]'"
        ) from error
    except OSError as error:
        raise DeviceUnavailable(
            f"{device} needs the library PortAudio, which is not installed; on Debian and Ubuntu: "
            "apt install libportaudio2",
            detail=str(error),
        ) from error
    return sounddevice


def _rate(library: Any, device: int | str | None) -> int:
    """16 kHz where the device gives it, its own rate otherwise."""
    try:
        library.check_input_settings(device=device, channels=1, dtype="int16", samplerate=SAMPLE_RATE_HZ)
    except library.PortAudioError:
        own = round(library.query_devices(device, "input")["default_samplerate"])
        return min(max(own, LOWEST_RATE_HZ), HIGHEST_RATE_HZ)
    return SAMPLE_RATE_HZ


class Tape:
    """What the thread of the audio library hears, for the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, notice: Callable[[str], None]) -> None:
        self._loop = loop
        self._notice = notice
        self._waiting = asyncio.Queue[bytes | None](MOST_WAITING + 1)
        self._has_lost = False

    def hear(self, data: Any, *_: object) -> None:
        """Called in the other thread, with a buffer that is used again."""
        self._hand_over(bytes(data))

    def finish(self) -> None:
        """Called in the other thread, when the device is gone or closed."""
        self._hand_over(None)

    async def pieces(self) -> AsyncGenerator[bytes]:
        """Blocks as they come; raises DeviceUnavailable when the device is gone."""
        while (block := await self._waiting.get()) is not None:
            yield block
        raise DeviceUnavailable("The microphone was unplugged, or the system took it away.")

    def _hand_over(self, block: bytes | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._put, block)
        except RuntimeError:
            # The loop is closed: nobody listens any more.
            return

    def _put(self, block: bytes | None) -> None:
        if block is None or self._waiting.qsize() < MOST_WAITING:
            self._waiting.put_nowait(block)
        elif not self._has_lost:
            self._has_lost = True
            self._notice("Recognition is a minute behind: some of what the microphone hears is lost.")
