"""Clauses at an engine's rate become audio at the client's, without clicks between them."""

from __future__ import annotations

import asyncio
from fractions import Fraction

import numpy as np

from parley.signal.pcm import Floats, to_float, to_s16

_QUALITY = "HQ"
"""That of recordings."""

_FADE_S = 0.002
"""Too short to be heard as such; an engine that ends in the middle of a wave would click."""

_LONG_S = 5.0
"""Some milliseconds of the event loop; what is longer is converted in a thread."""


class Resampling:
    """Converts clause by clause. After each of them as many samples are out as all that came in last, to
    the nearest one, so that neither time nor counts drift however many clauses there are."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate_hz = sample_rate_hz
        self._seconds = Fraction()
        self._samples = 0

    async def convert(self, pcm: bytes, rate_hz: int) -> bytes:
        """A clause, mono s16le; long ones do not hold up the event loop."""
        if len(pcm) / 2 / rate_hz > _LONG_S:
            return await asyncio.to_thread(self._convert, pcm, rate_hz)
        return self._convert(pcm, rate_hz)

    def _convert(self, pcm: bytes, rate_hz: int) -> bytes:
        samples = to_float(np.frombuffer(pcm, dtype="<i2"))
        self._seconds += Fraction(len(samples), rate_hz)
        wanted = round(self._seconds * self._rate_hz) - self._samples
        self._samples += wanted
        made = _resampled(_faded(samples, rate_hz), rate_hz, self._rate_hz)[:wanted]
        return to_s16(np.pad(made, (0, wanted - len(made)))).astype("<i2").tobytes()


def _faded(samples: Floats, rate_hz: int) -> Floats:
    """The same with soft ends."""
    count = min(round(_FADE_S * rate_hz), len(samples) // 2)
    if not count:
        return samples
    faded = samples.copy()
    slope = np.linspace(0.0, 1.0, count, dtype=np.float32)
    faded[:count] *= slope
    faded[-count:] *= slope[::-1]
    return faded


def _resampled(samples: Floats, rate_hz: int, wanted_hz: int) -> Floats:
    if rate_hz == wanted_hz or not len(samples):
        return samples
    import soxr

    return soxr.resample(samples, rate_hz, wanted_hz, quality=_QUALITY)
