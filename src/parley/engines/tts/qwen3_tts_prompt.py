"""What Qwen3-TTS knows of a voice that it learned, as bytes: numbers and a text, nothing that is run."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from parley.errors import EngineFailed

MOST_FRAMES = 1000
"""80 s; a reference recording has 30 at most."""

_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ClonePrompt:
    """`voice` (d,) float32 is how somebody sounds. `codes` (frames, groups) int64 is what they said, as the
    speech tokenizer writes it, and `text` its transcript: both are empty where nobody knew the words.
    """

    voice: npt.NDArray[np.float32]
    codes: npt.NDArray[np.int64]
    text: str

    def pack(self) -> bytes:
        """The bytes that `unpack` takes."""
        frames, groups = self.codes.shape
        return msgspec.msgpack.encode(
            _Packed(
                version=_VERSION,
                voice=self.voice.astype("<f4").tobytes(),
                codes=self.codes.astype("<u2").tobytes(),
                frames=frames,
                groups=groups,
                text=self.text,
            )
        )


class _Packed(msgspec.Struct, frozen=True):
    version: int
    voice: bytes
    codes: bytes
    frames: int
    groups: int
    text: str


def unpack(prompt: bytes, *, width: int, groups: int, codebook: int) -> ClonePrompt:
    """Raises EngineFailed for what this model cannot take: a number out of range would end the process that
    computes on a graphics card.
    """
    try:
        packed = msgspec.msgpack.decode(prompt, type=_Packed)
        voice = np.frombuffer(packed.voice, dtype="<f4").astype(np.float32)
        codes = np.frombuffer(packed.codes, dtype="<u2").reshape(packed.frames, packed.groups)
    except (msgspec.MsgspecError, ValueError) as error:
        raise _stranger() from error
    fits = packed.version == _VERSION and voice.shape == (width,) and packed.groups == groups
    spoken = bool(packed.frames) == bool(packed.text)
    if not (fits and spoken and packed.frames <= MOST_FRAMES and np.isfinite(voice).all()):
        raise _stranger()
    if codes.size and int(codes.max()) >= codebook:
        raise _stranger()
    return ClonePrompt(voice=voice, codes=codes.astype(np.int64), text=packed.text)


def _stranger() -> EngineFailed:
    return EngineFailed("The prompt of this voice is damaged or another model's; add the voice again.")
