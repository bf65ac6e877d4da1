"""Frames become blocks of half a second that follow each other without gaps.

    time stamps    |frame|frame|        |frame|frame|
    blocks         |frame frame|silence |frame frame|

A recording of a call, or one with lost packets, has holes in its time stamps. They are filled, so
that times in the transcript are times of the recording, and subtitles fit the video.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from parley.engines.media.frames import Frames, planar
from parley.signal.pcm import Floats, to_float

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

_BLOCK_S = 0.5
_MIN_HOLE_S = 0.1
"""Time stamps in milliseconds, or in packets, jitter below this."""

_MAX_SILENCE_S = 3600.0
"""Silence may exceed sound by this much. What is longer is a jump of the clock (files glued
together, a damaged stamp); it is stepped over, and time goes on from there."""


@dataclass(frozen=True, slots=True)
class Block:
    """Samples of shape (channels, n), full scale -1 to 1, at `rate_hz`."""

    samples: Floats
    rate_hz: int

    @property
    def duration(self) -> float:
        """Seconds of audio."""
        return self.samples.shape[1] / self.rate_hz


@dataclass(slots=True)
class Clock:
    """Compares time stamps with the samples seen so far; `start` is the recording's first stamp."""

    start: float | None
    position: float = 0.0
    filled: float = 0.0
    _offset: float | None = None

    def hole(self, stamp: float | None, following: float | None) -> float:
        """Seconds of silence that belong before a frame with this time stamp.

        The stamp after it must bear it out: a single damaged one would make an hour of silence.
        """
        if stamp is None:
            return 0.0
        if self._offset is None:
            self._offset = stamp if self.start is None else min(self.start, stamp)
        missing = stamp - self._offset - self.position
        heard = self.position - self.filled
        if abs(missing) < _MIN_HOLE_S:
            return 0.0
        borne_out = following is not None and following >= stamp
        if borne_out and 0 < missing <= heard - self.filled + _MAX_SILENCE_S:
            return missing
        self._offset = stamp - self.position
        return 0.0


@dataclass(slots=True)
class Timeline:
    """The sound of one stream, from the recording's first moment."""

    frames: Frames
    clock: Clock
    _pending: list[npt.NDArray[Any]] = field(default_factory=list[npt.NDArray[Any]])
    _pending_samples: int = 0
    _rate_hz: int = 0

    def blocks(self) -> Iterator[Block]:
        """Blocks of about half a second; the memory held does not depend on the length of the file."""
        for frame, following in pairwise(chain(self._sounding(), [None])):
            if frame is not None:
                yield from self._fill(frame, following)
                yield from self._add(frame)
        yield from self._flush()

    def _sounding(self) -> Iterator[AudioFrame]:
        return (frame for frame in self.frames if frame.samples > 0 and frame.sample_rate > 0)

    def _fill(self, frame: AudioFrame, following: AudioFrame | None) -> Iterator[Block]:
        rate, channels = frame.sample_rate, frame.layout.nb_channels
        hole_s = self.clock.hole(frame.time, None if following is None else following.time)
        missing = round(hole_s * rate)
        if missing == 0:
            return
        yield from self._flush()
        self.clock.position += missing / rate
        self.clock.filled += missing / rate
        step = max(1, round(_BLOCK_S * rate))
        for first in range(0, missing, step):
            yield Block(np.zeros((channels, min(step, missing - first)), np.float32), rate)

    def _add(self, frame: AudioFrame) -> Iterator[Block]:
        samples = planar(frame)
        if self._pending and not self._continues(samples, frame.sample_rate):
            yield from self._flush()
        self._pending.append(samples)
        self._pending_samples += samples.shape[1]
        self._rate_hz = frame.sample_rate
        self.clock.position += samples.shape[1] / frame.sample_rate
        if self._pending_samples >= _BLOCK_S * self._rate_hz:
            yield from self._flush()

    def _continues(self, samples: npt.NDArray[Any], rate_hz: int) -> bool:
        last = self._pending[-1]
        return rate_hz == self._rate_hz and len(samples) == len(last) and samples.dtype == last.dtype

    def _flush(self) -> Iterator[Block]:
        if self._pending:
            samples = np.concatenate(self._pending, axis=1)
            self._pending.clear()
            self._pending_samples = 0
            yield Block(to_float(samples), self._rate_hz)
