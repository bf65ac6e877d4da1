"""Reads audio that was passed by reference."""

from __future__ import annotations

import numpy as np

from parley.engines.contract import Samples
from parley.errors import EngineFailed
from parley.speech.media import Clip

_FULL_SCALE = np.float32(1 / 32768)
_SAMPLE_BYTES = 2


def read_clip(clip: Clip) -> Samples:
    """The samples of a clip, shape (n,), full scale -1 to 1; only this part of the file is read.

    Mapped rather than read, so that the 16-bit samples of hours of audio are never held beside
    the 32-bit ones. Raises EngineFailed when the file is gone or shorter than the clip.
    """
    count = clip.last - clip.first
    if count <= 0:
        return np.zeros(0, dtype=np.float32)
    try:
        mapped = np.memmap(
            clip.path, dtype="<i2", mode="r", offset=clip.first * _SAMPLE_BYTES, shape=(count,)
        )
    except (OSError, ValueError) as error:
        raise EngineFailed(
            "The decoded audio of this recording is gone or incomplete; run it again.",
            detail=f"{clip}: {error}",
        ) from error
    samples = mapped.astype(np.float32)
    samples *= _FULL_SCALE
    return samples
