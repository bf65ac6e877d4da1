"""Packets and frames of one audio stream, with what is damaged stepped over and counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from parley.errors import UnsupportedMedia

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet

_MAX_DAMAGED_RUN = 500
"""Damaged packets in a row after which the rest of the file is given up (about 10 s of AAC or Opus)."""

_MAX_RESTARTS = 16
"""How often reading is tried again after the container itself was found damaged."""

_DTYPES: dict[str, npt.DTypeLike] = {
    "u8": np.uint8, "s16": np.int16, "s32": np.int32, "flt": np.float32, "dbl": np.float64,
}  # fmt: skip


class Frames:
    """The frames of a stream in order.

    After iterating, `decoded` and `damaged` count frames and packets, and `cut` says that the last
    thing seen was incomplete or damaged: the file breaks off.
    """

    def __init__(self, container: InputContainer, stream: AudioStream) -> None:
        self._container = container
        self._stream = stream
        self._damaged_run = 0
        self.decoded = 0
        self.damaged = 0
        self.cut = False

    @property
    def damaged_inside(self) -> int:
        """Damaged packets that sound ones came after: those at the end mean that the file breaks off."""
        return self.damaged - self._damaged_run

    def __iter__(self) -> Iterator[AudioFrame]:
        for packet in self._packets():
            frames = self._decode(packet)
            self.decoded += len(frames)
            yield from frames
            if self._damaged_run > _MAX_DAMAGED_RUN:
                self.cut = True
                return

    def _packets(self) -> Iterator[Packet[AudioStream]]:
        from av.error import FFmpegError

        for _ in range(_MAX_RESTARTS):
            try:
                yield from self._container.demux(self._stream)
            except FFmpegError:
                self._count_damage()
            except IndexError:
                # PyAV 18 trips at the end over streams that appeared on the way (MPEG-TS, FLV);
                # ours, which was there from the start, has ended by then.
                return
            else:
                return

    def _decode(self, packet: Packet[AudioStream]) -> list[AudioFrame]:
        from av.error import EOFError, FFmpegError

        try:
            frames = packet.decode()
        except EOFError:
            return []
        except FFmpegError:
            self._count_damage()
            return []
        if packet.size:
            self._damaged_run = 0
            self.cut = packet.is_corrupt
        return frames

    def _count_damage(self) -> None:
        self.damaged += 1
        self._damaged_run += 1
        self.cut = True


def planar(frame: AudioFrame) -> npt.NDArray[Any]:
    """The samples of a frame, shape (channels, n), in the type the decoder gave them.

    Interleaved samples are not copied. Raises UnsupportedMedia for 64-bit integers.
    """
    dtype = _DTYPES.get(frame.format.name.removesuffix("p"))
    if dtype is None:
        raise UnsupportedMedia(f"Samples of the format {frame.format.name} cannot be read.")
    channels, count = frame.layout.nb_channels, frame.samples
    if not frame.format.is_planar:
        return _plane(frame, 0, dtype, count * channels).reshape(count, channels).T
    return np.stack([_plane(frame, index, dtype, count) for index in range(channels)])


def _plane(frame: AudioFrame, index: int, dtype: npt.DTypeLike, count: int) -> npt.NDArray[Any]:
    # Not frame.to_ndarray(): PyAV 18 finds the planes by looking for a null pointer behind them,
    # which eight channels and more do not have; it then reads foreign memory.
    from av.audio.plane import AudioPlane

    return np.frombuffer(cast(Any, AudioPlane(frame, index)), dtype, count)
