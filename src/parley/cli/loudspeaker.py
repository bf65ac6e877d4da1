"""A loudspeaker, through the package `sounddevice`, which is an extra of its own."""

from __future__ import annotations

import asyncio
from typing import Any, Self

from parley.cli.microphone import load_library
from parley.errors import DeviceUnavailable
from parley.synthesis.options import HIGHEST_RATE_HZ, LOWEST_RATE_HZ

_PIECE_S = 0.1
"""Handed over at once, so that Ctrl-C is heard soon."""

_SAMPLE_BYTES = 2


class Loudspeaker:
    """The system's own; opened when the rate is known."""

    name = "loudspeaker"

    def __init__(self) -> None:
        self._library = load_library("A loudspeaker")
        self._stream: Any = None
        self._piece_bytes = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._stream is not None:
            await asyncio.to_thread(self._stream.close)

    def wanted_rate_hz(self) -> int | None:
        """The device's own: not every system converts. Raises DeviceUnavailable where there is none."""
        library = self._library
        try:
            own = round(library.query_devices(None, "output")["default_samplerate"])
        except (library.PortAudioError, ValueError) as error:
            raise _unavailable(error) from error
        return min(max(own, LOWEST_RATE_HZ), HIGHEST_RATE_HZ)

    async def begin(self, rate_hz: int) -> None:
        """Open the device."""
        self._piece_bytes = _SAMPLE_BYTES * round(_PIECE_S * rate_hz)
        await asyncio.to_thread(self._open, rate_hz)

    async def take(self, pcm: bytes) -> None:
        """Play it; waits until most of what came before was heard."""
        for first in range(0, len(pcm), self._piece_bytes):
            await self._do(self._stream.write, pcm[first : first + self._piece_bytes])

    async def finish(self) -> None:
        """Wait until all of it was heard."""
        await self._do(self._stream.stop)

    def _open(self, rate_hz: int) -> None:
        library = self._library
        try:
            self._stream = library.RawOutputStream(samplerate=rate_hz, channels=1, dtype="int16")
            self._stream.start()
        except (library.PortAudioError, ValueError) as error:
            raise _unavailable(error) from error

    async def _do(self, work: Any, *given: bytes) -> None:
        try:
            await asyncio.to_thread(work, *given)
        except self._library.PortAudioError as error:
            raise DeviceUnavailable(
                "The loudspeaker was unplugged, or the system took it away.", detail=str(error)
            ) from error


def _unavailable(error: Exception) -> DeviceUnavailable:
    return DeviceUnavailable(
        "There is no loudspeaker that can be opened; write a file with -o speech.wav, or see "
        "'python -m sounddevice' for the devices there are.",
        detail=str(error),
    )
