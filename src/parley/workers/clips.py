"""Reads audio that was passed by reference, or came with a call."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from parley.engines.contract import Samples
from parley.errors import EngineFailed, InvalidOption
from parley.speech.media import SAMPLE_BYTES, Clip

_FULL_SCALE = np.float32(1 / 32768)


def read_clip(clip: Clip) -> Samples:
    """The samples of a clip, shape (n,), full scale -1 to 1; only this part of the file is read.

    Mapped rather than read, so that the 16-bit samples of hours of audio are never held beside
    the 32-bit ones. Raises EngineFailed when the file is gone or shorter than the clip.
    """
    count = clip.last - clip.first
    if count <= 0:
        return np.zeros(0, dtype=np.float32)
    try:
        mapped = np.memmap(clip.path, dtype="<i2", mode="r", offset=clip.first * SAMPLE_BYTES, shape=(count,))
    except (OSError, ValueError) as error:
        raise EngineFailed(
            "The decoded audio of this recording is gone or incomplete; run it again.",
            detail=f"{clip}: {error}",
        ) from error
    return _scaled(mapped)


def read_pcm(pcm: bytes) -> Samples:
    """The samples of 16 kHz mono s16le that came with a call, shape (n,), full scale -1 to 1.

    Raises InvalidOption where the last sample is not whole.
    """
    if len(pcm) % SAMPLE_BYTES:
        raise InvalidOption("Live audio comes in whole samples of 16 bits.")
    return _scaled(np.frombuffer(pcm, dtype="<i2"))


def _scaled(whole_numbers: npt.NDArray[np.int16]) -> Samples:
    samples = whole_numbers.astype(np.float32)
    samples *= _FULL_SCALE
    return samples
