"""Blocks of any rate and width become tracks of 16 bit and one rate, cut to the range that is wanted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parley.engines.media.containers import MAX_RATE_HZ, MIN_RATE_HZ
from parley.engines.media.timeline import Block
from parley.errors import InvalidOption, UnsupportedMedia
from parley.signal.pcm import Floats, mix, to_s16
from parley.speech.media import SAMPLE_RATE_HZ

QUALITY = "HQ"
"""soxr rather than FFmpeg's swresample, by measuring 44.1 kHz to 16 kHz (loss at 7.4, 8.2 and 8.5 kHz;
what is left above 8 kHz folds back into speech; processor milliseconds per second of mono):

    swresample, 32 taps    2.1 dB    15 dB    26 dB    0.12
    swresample, 64 taps    0.5 dB    33 dB    91 dB    0.21
    soxr HQ                0.0 dB   143 dB   140 dB    0.12
"""


@dataclass(frozen=True, slots=True)
class Window:
    """The samples wanted, at `rate_hz`: `first` up to `last` (exclusive; None: to the end)."""

    first: int
    last: int | None
    rate_hz: int = SAMPLE_RATE_HZ

    @classmethod
    def of(cls, start: float, end: float | None, rate_hz: int = SAMPLE_RATE_HZ) -> Window:
        """From seconds; raises InvalidOption for a range that means nothing, and for a rate that is none."""
        if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
            raise InvalidOption(f"A sample rate of {rate_hz} Hz is not that of a recording.")
        if not math.isfinite(start) or start < 0 or (end is not None and not math.isfinite(end)):
            raise InvalidOption("Start and end are seconds from the start of the recording, 0 or more.")
        first = round(start * rate_hz)
        last = None if end is None else round(end * rate_hz)
        if last is not None and last <= first:
            raise InvalidOption(f"The range ends at {end:g} s, not after its start at {start:g} s.")
        return cls(first, last, rate_hz)

    def cut(self, position: int, count: int) -> slice:
        """Which of `count` samples beginning at `position` are wanted."""
        last = position + count if self.last is None else self.last
        return slice(min(count, max(0, self.first - position)), max(0, min(count, last - position)))


@dataclass(frozen=True, slots=True)
class Selection:
    """Which channels become tracks: the mean of all, every one, or one by its number."""

    mode: str
    number: int = 0

    @classmethod
    def of(cls, channel: str) -> Selection:
        """From the option; raises InvalidOption."""
        if channel in ("mix", "split"):
            return cls(channel)
        if not (channel.isascii() and channel.isdigit() and len(channel) <= 3):
            raise InvalidOption("The channel is 'mix', 'split' or a number counted from 0.")
        return cls("one", int(channel))

    def tracks(self, channels: int) -> tuple[int | None, ...]:
        """The channel number of each track, None for the mix; raises InvalidOption if it is not there."""
        if self.mode == "mix":
            return (None,)
        if self.mode == "split":
            return tuple(range(channels))
        if self.number >= channels:
            there = "one channel, number 0" if channels == 1 else f"{channels} channels, 0 to {channels - 1}"
            raise InvalidOption(f"Channel {self.number} was asked for, but the recording has {there}.")
        return (self.number,)


def pick(samples: Floats, track: int | None) -> Floats:
    """One track's samples; a channel that has gone in the middle of a recording is silent."""
    if track is None:
        return mix(samples)
    return samples[track] if track < len(samples) else np.zeros(samples.shape[1], np.float32)


class Conversion:
    """Feeds blocks through one resampler per track into `write(track index, 16-bit samples)`.

    The whole recording up to the window's end is resampled and what lies outside is dropped: that
    alone gives the samples a range has in the whole file, bit by bit, for every codec and rate.
    """

    def __init__(
        self,
        tracks: tuple[int | None, ...],
        window: Window,
        write: Callable[[int, npt.NDArray[np.int16]], None],
    ) -> None:
        self._tracks = tracks
        self._window = window
        self._write = write
        self._rate_hz = 0
        self._resamplers: list[Any] = []
        self.position = 0

    @property
    def complete(self) -> bool:
        """Whether the window's end is behind us."""
        return self._window.last is not None and self.position >= self._window.last

    def feed(self, block: Block) -> None:
        """Convert one block; raises UnsupportedMedia for an absurd sample rate."""
        if block.rate_hz != self._rate_hz:
            self.finish()
            self._begin(block.rate_hz)
        self._pass_on([pick(block.samples, track) for track in self._tracks], last=False)

    def finish(self) -> None:
        """Bring out what the resamplers still hold."""
        if self._resamplers:
            self._pass_on([np.zeros(0, np.float32) for _ in self._tracks], last=True)
            self._resamplers = []

    def _begin(self, rate_hz: int) -> None:
        import soxr

        if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
            raise UnsupportedMedia(f"A sample rate of {rate_hz} Hz is not that of a recording.")
        self._rate_hz = rate_hz
        wanted_hz = self._window.rate_hz
        if rate_hz != wanted_hz:
            self._resamplers = [
                soxr.ResampleStream(rate_hz, wanted_hz, 1, dtype="float32", quality=QUALITY)
                for _ in self._tracks
            ]

    def _pass_on(self, pieces: list[Floats], *, last: bool) -> None:
        if self._resamplers:
            pairs = zip(self._resamplers, pieces, strict=True)
            pieces = [resampler.resample_chunk(piece, last=last) for resampler, piece in pairs]
        count = len(pieces[0])
        wanted = self._window.cut(self.position, count)
        if wanted.start < wanted.stop:
            for index, piece in enumerate(pieces):
                self._write(index, to_s16(piece[wanted]))
        self.position += count
