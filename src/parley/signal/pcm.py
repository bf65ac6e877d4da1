"""Samples between the forms they come in: any PCM type, float, one channel or many, 16 bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
"""Samples with full scale -1 to 1."""

_FULL_SCALE = 32768.0
_HEADROOM = 64.0
"""Float files may exceed full scale (36 dB here); beyond it sums and filters would overflow."""


def to_float(samples: npt.NDArray[Any]) -> Floats:
    """Samples of any shape as float32, full scale -1 to 1.

    Takes uint8 (128 is silence), int16, int32 (24-bit audio lies in its upper bits), float32 and
    float64. What is not a number, or infinite, becomes 0. Raises TypeError for another dtype.
    """
    kind = samples.dtype.kind
    if kind == "f":
        return _finite(samples)
    if kind == "i":
        return samples.astype(np.float32) / np.float32(2.0 ** (8 * samples.dtype.itemsize - 1))
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - np.float32(128)) / np.float32(128)
    raise TypeError(f"no PCM sample has the type {samples.dtype}")


def _finite(samples: npt.NDArray[Any]) -> Floats:
    # Two reductions that NaN falls through cost a third of what testing every sample costs.
    if samples.size == 0 or (samples.max() <= _HEADROOM and samples.min() >= -_HEADROOM):
        return samples.astype(np.float32)
    known = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(known, -_HEADROOM, _HEADROOM).astype(np.float32)


def mix(channels: Floats) -> Floats:
    """The mean of the channels: (channels, n) becomes (n,)."""
    if len(channels) == 1:
        return channels[0]
    total = channels[0] + channels[1]
    for channel in channels[2:]:
        total += channel
    return total / np.float32(len(channels))


def to_s16(samples: Floats) -> npt.NDArray[np.int16]:
    """Little-endian 16-bit samples of the same shape: rounded, and clipped at full scale."""
    scaled = np.rint(samples * np.float32(_FULL_SCALE))
    return np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype("<i2")


def from_s16(samples: npt.NDArray[np.int16]) -> Floats:
    """The float32 samples that `to_s16` gives back unchanged."""
    return samples.astype(np.float32) / np.float32(_FULL_SCALE)
