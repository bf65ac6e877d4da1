"""What a client sends becomes 16 kHz mono s16le, however it is cut into messages."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from parley.live.options import Encoding
from parley.signal.pcm import Floats, mix, to_float, to_s16
from parley.speech.media import SAMPLE_RATE_HZ

QUIETEST_DBFS = -100.0
"""Silence, and whatever is quieter than this."""

_DTYPES: dict[Encoding, npt.DTypeLike] = {"pcm16": "<i2", "float32": "<f4", "mulaw": "u1"}

_QUALITY = "HQ"
"""That of recordings."""


def _mulaw_table() -> npt.NDArray[np.int16]:
    codes = ~np.arange(256, dtype=np.int32) & 0xFF
    sizes = (((codes & 0x0F) << 3) + 0x84 << ((codes & 0x70) >> 4)) - 0x84
    return np.where(codes & 0x80, -sizes, sizes).astype(np.int16)


_MULAW = _mulaw_table()
"""ITU-T G.711."""


class Ear:
    """Takes bytes in pieces of any size, even half samples; channels are interleaved and mixed.

    Sample `n` of what comes out is heard `n / 16000` seconds after the session's begin, and so is sample
    frame `n * sample_rate_hz / 16000` of what went in: the two clocks do not drift. A resampler gives its
    last milliseconds when it has heard what follows, or with `settle`.
    """

    def __init__(self, sample_rate_hz: int, encoding: Encoding = "pcm16", channels: int = 1) -> None:
        self._rate_hz = sample_rate_hz
        self._dtype = np.dtype(_DTYPES[encoding])
        self._is_mulaw = encoding == "mulaw"
        self._channels = channels
        self._is_plain = sample_rate_hz == SAMPLE_RATE_HZ and encoding == "pcm16" and channels == 1
        self._rest = b""
        self._resampler: Any = None
        self._frames = 0
        self._samples = 0

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return self._dtype.itemsize * self._channels

    @property
    def frames(self) -> int:
        """Whole sample frames received, at the client's rate."""
        return self._frames

    @property
    def samples(self) -> int:
        """Samples given, at 16 kHz."""
        return self._samples

    def hear(self, data: bytes | bytearray | memoryview) -> bytes:
        """What these bytes add."""
        received = self._rest + bytes(data)
        size = self.frame_bytes
        whole = len(received) - len(received) % size
        self._rest = received[whole:]
        self._frames += whole // size
        if self._is_plain:
            self._samples += whole // size
            return received[:whole]
        return self._give(self._resample(self._mono(received[:whole])))

    def settle(self) -> bytes:
        """Everything that is left of what was heard, so that `samples` is `frames` at 16 kHz, rounded."""
        exact = (2 * self._frames * SAMPLE_RATE_HZ + self._rate_hz) // (2 * self._rate_hz)
        missing = exact - self._samples
        left = np.zeros(0, dtype=np.float32)
        if self._resampler is not None:
            left = self._resampler.resample_chunk(left, last=True)[:missing]
            self._resampler = None
        return self._give(np.pad(left, (0, max(0, missing - len(left)))))

    def drop_half(self) -> None:
        """Forget a frame of which only a part arrived: a client that comes back sends it again."""
        self._rest = b""

    def _mono(self, received: bytes) -> Floats:
        values: npt.NDArray[Any] = np.frombuffer(received, dtype=self._dtype)
        samples = to_float(_MULAW[values] if self._is_mulaw else values)
        return mix(samples.reshape(-1, self._channels).T)

    def _resample(self, samples: Floats) -> Floats:
        if self._rate_hz == SAMPLE_RATE_HZ or not len(samples):
            return samples
        if self._resampler is None:
            import soxr

            self._resampler = soxr.ResampleStream(
                self._rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32", quality=_QUALITY
            )
        return self._resampler.resample_chunk(np.ascontiguousarray(samples))

    def _give(self, samples: Floats) -> bytes:
        self._samples += len(samples)
        return to_s16(samples).tobytes()


def level_dbfs(pcm: bytes) -> float:
    """How loud s16le is (RMS); a sine at full scale has -3."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    power = float(np.mean(samples * samples)) if len(samples) else 0.0
    loud = 10 * math.log10(power / 32768.0**2) if power else QUIETEST_DBFS
    return round(max(QUIETEST_DBFS, loud), 1)
